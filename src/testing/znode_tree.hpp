// ZooKeeper's data tree as a value: operations in, answers and changes out. No thread, no lock, no clock, no session but
// the number that owns an ephemeral node. The order of the checks and the odd numbers (cversion, the sequence counter at its
// end) are those of the 3.8 servers.
#pragma once

#include <turnstile/operation.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace turnstile::inline v0::testing {

/// Something that watches may wait for.
struct tree_change {
    watch_event_type type;
    std::string path;

    tree_change(watch_event_type type_, std::string path_) : type{type_}, path{std::move(path_)} {}
};

/// Who asks, and when.
struct request_context {
    std::int64_t session = 0;
    std::int64_t now = 0;  ///< milliseconds of a wall clock

    request_context(std::int64_t session_, std::int64_t now_) : session{session_}, now{now_} {}
};

class znode_tree {
public:
    znode_tree();

    /// Executes one operation. A write takes one zxid, also when it is refused; so does a transaction, whatever its length.
    outcome execute(const operation& o, const request_context& who, std::vector<tree_change>& changes);

    /// Opening a session is a transaction too.
    void begin_session() { ++last_zxid_; }
    /// Removes a session's ephemeral nodes, in one transaction.
    void end_session(std::int64_t session, std::vector<tree_change>& changes);
    /// Removes the containers that have had children and have none left. Answers how many.
    std::size_t reap_containers(std::vector<tree_change>& changes);

    /// Lets the next sequential child of `parent` get this number; false when there is no such node.
    bool set_sequence(std::string_view parent, std::int32_t next);

    std::int64_t last_zxid() const noexcept { return last_zxid_; }
    void set_last_zxid(std::int64_t zxid) noexcept { last_zxid_ = zxid; }

private:
    struct znode {
        std::string data;
        turnstile::acl access;
        std::unordered_set<std::string> children;  ///< names
        stat own;                                  ///< all but what `stat_of` computes
        std::int32_t creations = 0;                ///< children ever created: the sequence counter
    };
    struct writing;  ///< one transaction under way

    const znode* find(const std::string& path) const;
    znode* find(const std::string& path);
    static stat stat_of(const znode& n);

    outcome read(const operation& o) const;
    outcome write(const operation& o, writing& w);
    step_result create(const op::create& o, writing& w);
    step_result erase(const op::erase& o, writing& w);
    step_result set(const op::set& o, writing& w);
    step_result check(const op::check& o) const;
    outcome set_acl(const op::set_acl& o);
    outcome multi(const op::multi& o, writing& w);
    void remove(const std::string& path, writing& w);

    std::unordered_map<std::string, znode> nodes_;
    std::map<std::int64_t, std::set<std::string>> ephemerals_;  ///< paths by session
    std::int64_t last_zxid_ = 0;
};

}  // namespace turnstile::inline v0::testing
