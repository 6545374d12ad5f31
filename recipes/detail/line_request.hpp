// Where somebody wants to stand, and how.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/session.hpp>

#include "contender_record.hpp"
#include "owner_registry.hpp"
#include "place_name.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

/// What the last holder of a keyed line left undone, in a node beside the line; looked up before a turn is granted.
struct bequest {
    std::string path;
    std::optional<std::string> data;  ///< nullopt: nothing
    std::int32_t version = 0;

    explicit bequest(std::string path_) : path{std::move(path_)} {}
};

struct line_request {
    turnstile::session session;
    std::string directory;
    std::string key;                    ///< with its end; empty: the directory is the line's own
    const char* verb;                   ///< for errors
    contender_record record;            ///< of our node
    std::shared_ptr<presence> present;  ///< who asks
    deadline until;
    claim wanted;
    std::uint32_t maximum = 0;  ///< of a semaphore: what the caller takes it to be; 0: whatever it is
    /// Asked once, with how many stand ahead: an error turns us away. It only decides; empty: all are welcome.
    std::function<error_code(std::size_t ahead)> admit;
    std::shared_ptr<bequest> left;  ///< filled before our turn comes; empty: nobody asks

    line_request(turnstile::session s, std::string directory_, const char* verb_, std::string key_ = {})
        : session{std::move(s)},
          directory{std::move(directory_)},
          key{std::move(key_)},
          verb{verb_},
          present{enter_line(session, name(), owner_id{}, false)}
    {
    }

    /// For people, and to tell lines apart.
    std::string name() const { return key.empty() ? directory : directory + "/" + key.substr(0, key.size() - 1); }
    /// Whether a node of the line's directory is one of the line.
    bool has(std::string_view node) const noexcept { return key_of(node) == key; }

    /// What our node shall bear: the record, with what the owner holds by now.
    std::string data() const;
    /// Its directory is shared, and outlives its use.
    bool permanent() const noexcept { return !key.empty(); }
    /// The line has a maximum, which its directory tells.
    bool counted() const noexcept { return wanted.what == claim::kind::permits; }
};

/// One for all the parts of an attempt: ten thousand waiters have ten thousand of each.
using line_ptr = std::shared_ptr<const line_request>;
/// Several lines that are asked for together: of one session, by one verb, until one deadline. At least one.
using joint_ptr = std::shared_ptr<const std::vector<line_ptr>>;

/// Throws what the caller of the recipe shall see.
[[noreturn]] void fail(const line_request& line, error_code ec);

}  // namespace turnstile::inline v0::detail
