// One request to ZooKeeper and its answer, as values. Sessions, pipelines and transactions are built from these.
//
// The structs have constructors on purpose: g++ 12 destroys aggregate temporaries twice inside co_await expressions.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/node.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace turnstile::inline v0 {

namespace op {

/// Answers with path and stat.
struct create {
    std::string path;
    std::string data;
    create_mode mode;
    turnstile::acl access;

    explicit create(std::string path_, std::string data_ = {}, create_mode mode_ = create_mode::persistent,
                    turnstile::acl access_ = {})
        : path{std::move(path_)}, data{std::move(data_)}, mode{mode_}, access{std::move(access_)}
    {
    }
};

struct erase {
    std::string path;
    std::int32_t version;

    explicit erase(std::string path_, std::int32_t version_ = any_version) : path{std::move(path_)}, version{version_} {}
};

/// Answers with stat; `errc::no_node` when there is none. A watch is left in *both* cases.
struct exists {
    std::string path;
    bool watch;

    explicit exists(std::string path_, bool watch_ = false) : path{std::move(path_)}, watch{watch_} {}
};

/// Answers with data and stat. A watch is left only when the node is there.
struct get {
    std::string path;
    bool watch;

    explicit get(std::string path_, bool watch_ = false) : path{std::move(path_)}, watch{watch_} {}
};

/// Answers with stat.
struct set {
    std::string path;
    std::string data;
    std::int32_t version;

    set(std::string path_, std::string data_, std::int32_t version_ = any_version)
        : path{std::move(path_)}, data{std::move(data_)}, version{version_}
    {
    }
};

/// Answers with children (names, in no order) and, when asked for, stat. A watch is left only when the node is there.
struct children {
    std::string path;
    bool watch;
    bool with_stat;

    explicit children(std::string path_, bool watch_ = false, bool with_stat_ = false)
        : path{std::move(path_)}, watch{watch_}, with_stat{with_stat_}
    {
    }
};

/// Brings the server that this session talks to up to date with the leader.
struct sync {
    std::string path;

    explicit sync(std::string path_) : path{std::move(path_)} {}
};

/// Only inside a transaction: the node is there, and has this version.
struct check {
    std::string path;
    std::int32_t version;

    explicit check(std::string path_, std::int32_t version_ = any_version) : path{std::move(path_)}, version{version_} {}
};

struct get_acl {
    std::string path;

    explicit get_acl(std::string path_) : path{std::move(path_)} {}
};

struct set_acl {
    std::string path;
    turnstile::acl access;
    std::int32_t version;

    set_acl(std::string path_, turnstile::acl access_, std::int32_t version_ = any_version)
        : path{std::move(path_)}, access{std::move(access_)}, version{version_}
    {
    }
};

/// Answers with data: the ensemble's dynamic configuration.
struct config {
    config() = default;
};

/// Ends every watch of this client on a path, here and on the server. `errc::no_node` means that there was none.
struct forget_watches {
    std::string path;

    explicit forget_watches(std::string path_) : path{std::move(path_)} {}
};

/// What a transaction is made of: ZooKeeper's C client takes just these four.
using step = std::variant<create, erase, set, check>;

/// All steps or none, in one transaction of the ensemble: they share one zxid. Answers with one result per step.
struct multi {
    std::vector<step> steps;

    explicit multi(std::vector<step> steps_) : steps{std::move(steps_)} {}
};

}  // namespace op

using operation = std::variant<op::create, op::erase, op::exists, op::get, op::set, op::children, op::sync, op::get_acl,
                               op::set_acl, op::config, op::forget_watches, op::multi>;

/// The answer of one step of a transaction.
struct step_result {
    error_code ec;
    std::string path;      ///< of a create: with its sequence number
    turnstile::stat stat;  ///< of a set

    step_result() = default;
};

/// The answer of one operation. Which members are filled stands at the operation.
struct outcome {
    error_code ec;
    std::string path;
    std::string data;
    turnstile::stat stat;
    std::vector<std::string> children;
    std::vector<acl_entry> access;
    std::vector<step_result> steps;

    outcome() = default;
    explicit outcome(error_code failed) : ec{failed} {}

    bool ok() const noexcept { return !ec; }
};

/// The path that an operation is about (the first one, of a transaction).
TURNSTILE_EXPORT std::string_view path_of(const operation& o) noexcept;
/// What it is called: "create", "get" …
TURNSTILE_EXPORT std::string_view verb_of(const operation& o) noexcept;
/// It changes nothing, so doing it twice is harmless.
TURNSTILE_EXPORT bool is_read(const operation& o) noexcept;

enum class watch_event_type { created, erased, changed, children_changed };

}  // namespace turnstile::inline v0
