// Compares what the recipes say with what the server knows, at every grant and at the end.
#pragma once

#include "census.hpp"
#include "scheduler.hpp"
#include "wire.hpp"

#include <turnstile/lease.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace turnstile::simulation {

/// What a line is for.
struct line_rule {
    enum class kind { exclusive, read_write, permits };

    kind what = kind::exclusive;
    std::uint32_t maximum = 1;  ///< of permits

    line_rule() = default;
    line_rule(kind k, std::uint32_t m) : what{k}, maximum{m} {}
};

/// One of the places that a lease is for.
struct claimed {
    std::string key;
    bool shared = false;
    std::uint32_t weight = 1;
    bool handed_on = false;  ///< perhaps, by another caller of its process: with the token of that one

    explicit claimed(std::string k) : key{std::move(k)} {}
};

class referee final : public wire_tap {
public:
    referee(scheduler& s, testing::memory_server& server, census& c, std::string root);
    void set_rules(std::map<std::string, line_rule> rules) { rules_ = std::move(rules); }

    /// The first thing that was not as promised; empty: nothing.
    const std::string& violation() const noexcept { return violation_; }
    void object(const std::string& what);

    // What workers tell.

    /// A lease was handed out. Until `left` it is asked now and then whether it believes itself held.
    /// `what` it is for, in the order of its paths.
    void granted(process_id p, const std::vector<claimed>& what, const lease& held);
    void left(const lease& held);
    /// It goes on as a reader.
    void downgraded(const lease& held);
    /// A write at the resource behind `key`, by somebody who has asked the lease first or not.
    void write(process_id p, const std::string& key, const lease& held, bool asked_first);

    bool stands(const std::string& path) const { return server_.exists(on_server(path)); }
    /// Whether a place of this process is the first of its line.
    bool is_first(process_id p, const std::string& key) const;

    // What the nemesis tells.

    /// A session that was ended although its client was well: nobody can warn its leases in time.
    void ended_from_outside(std::int64_t session) { ended_from_outside_.insert(session); }
    /// Counts what goes with it.
    void about_to_expire(std::int64_t session);
    std::optional<process_id> owner_of(std::int64_t session) const;

    // At the end, when everything has been given back.
    void check_nothing_is_left(const std::vector<std::string>& keys);

    // wire_tap
    void connected(process_id p, std::int64_t session) override;
    void heard_of_the_end(std::int64_t session) override { ended_from_outside_.erase(session); }
    void submitted(std::int64_t session, const operation& o) override;
    void answered(process_id p, const operation& o, const outcome& answer) override;

private:
    struct holding {
        process_id p;
        std::vector<claimed> what;
    };
    struct place {
        std::int64_t sequence;
        std::string name;
        bool shared;
        std::uint32_t weight;
    };

    struct doubt {
        process_id p;
        bool was_there;  ///< when the answer was lost
        bool resolved = false;
    };

    std::string on_server(const std::string& path) const { return root_ == "/" ? path : root_ + path; }
    std::vector<place> line_of(const std::string& key) const;
    void check_standing(process_id p, const claimed& what, const std::string& path, const lease& held);
    void check_token(process_id p, const claimed& what, const lease& held);
    void check_others(process_id p, const claimed& what, const lease& held);
    bool keeps_waiting(const place& ahead, const claimed& what) const;
    void count_adoption(const lease& held);
    void doubted(process_id p, const std::string& path);
    void count_absences(process_id p, const std::string& directory, const std::vector<std::string>& names);
    /// Its session was ended although its client was well, and it has not heard of that yet.
    bool excused(const lease& held) const;
    std::string requested_path(const std::string& path) const;

    scheduler& scheduler_;
    testing::memory_server& server_;
    census& census_;
    const std::string root_;
    std::string violation_;
    std::map<std::int64_t, process_id> owners_;
    std::set<std::int64_t> ended_from_outside_;  ///< and not heard of yet
    std::map<const lease*, holding> holdings_;
    std::map<std::string, line_rule> rules_;
    std::set<std::string> marked_;                        ///< writers that somebody has seen to be readers now
    std::map<std::string, fencing_token> newest_token_;   ///< of the grants whose node was there, by key
    std::map<std::string, fencing_token> newest_writer_;  ///< of those that were not shared
    std::map<std::string, fencing_token> fence_;          ///< of the resources
    std::map<std::string, std::int64_t> asked_in_;        ///< sessions, by the path that a create asked for
    std::map<std::string, doubt> doubts_;                 ///< by the same path
};

}  // namespace turnstile::simulation
