#include "testing/znode_tree.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

/// What the servers put into Stat.ephemeralOwner of a container.
constexpr auto container_owner = std::numeric_limits<std::int64_t>::min();

std::string parent_of(const std::string& path)
{
    const auto slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string ten_digits(std::int32_t n)
{
    char text[16];
    std::snprintf(text, sizeof text, "%010d", n);
    return text;
}

bool is_system(const std::string& path) { return path == "/" || path == "/zookeeper" || path.starts_with("/zookeeper/"); }

std::int64_t owner_for(create_mode mode, std::int64_t session)
{
    return is_ephemeral(mode) ? session : mode == create_mode::container ? container_owner : 0;
}

bool is_ephemeral_owner(std::int64_t owner) { return owner != 0 && owner != container_owner; }

step_result failed(errc e)
{
    step_result r;
    r.ec = e;
    return r;
}

outcome as_outcome(step_result r)
{
    outcome o{r.ec};
    o.path = std::move(r.path);
    o.stat = r.stat;
    return o;
}

/// There is no create2 inside a transaction of the C client.
step_result without_stat(step_result r)
{
    r.stat = {};
    return r;
}

}  // namespace

struct znode_tree::writing {
    const request_context& who;
    std::int64_t zxid;
    std::vector<tree_change> changes;
    std::vector<std::function<void()>> undo;

    writing(const request_context& who_, std::int64_t zxid_) : who{who_}, zxid{zxid_} {}
};

znode_tree::znode_tree()
{
    // As in a fresh server: these were not created by transactions, so the root's cversion is -1.
    nodes_["/"].children = {"zookeeper"};
    nodes_["/zookeeper"].children = {"config", "quota"};
    nodes_["/zookeeper/quota"];
    nodes_["/zookeeper/config"].data = "server.1=127.0.0.1:2888:3888:participant;127.0.0.1:2181\nversion=0";
    for (auto& [path, n] : nodes_)
        n.access = acl::world_anyone();
}

const znode_tree::znode* znode_tree::find(const std::string& path) const
{
    const auto found = nodes_.find(path);
    return found == nodes_.end() ? nullptr : &found->second;
}

znode_tree::znode* znode_tree::find(const std::string& path) { return const_cast<znode*>(std::as_const(*this).find(path)); }

stat znode_tree::stat_of(const znode& n)
{
    auto s = n.own;
    s.data_length = static_cast<std::int32_t>(n.data.size());
    s.num_children = static_cast<std::int32_t>(n.children.size());
    // The servers count creations and make the count of all changes of it, in wrapping 32-bit arithmetic.
    s.cversion =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(n.creations) * 2u - static_cast<std::uint32_t>(s.num_children));
    return s;
}

outcome znode_tree::execute(const operation& o, const request_context& who, std::vector<tree_change>& changes)
{
    if (is_read(o) || std::holds_alternative<op::forget_watches>(o))
        return read(o);
    writing w{who, ++last_zxid_};
    auto answer = write(o, w);
    std::move(w.changes.begin(), w.changes.end(), std::back_inserter(changes));
    return answer;
}

outcome znode_tree::read(const operation& o) const
{
    outcome answer;
    if (std::holds_alternative<op::sync>(o) || std::holds_alternative<op::forget_watches>(o))
        return answer;
    const auto* n = find(std::string{path_of(o)});
    if (!n)
        return outcome{errc::no_node};
    if (const auto* c = std::get_if<op::children>(&o); !c || c->with_stat)
        answer.stat = stat_of(*n);
    if (std::holds_alternative<op::get>(o) || std::holds_alternative<op::config>(o))
        answer.data = n->data;
    else if (std::holds_alternative<op::children>(o))
        answer.children.assign(n->children.begin(), n->children.end());
    else if (std::holds_alternative<op::get_acl>(o))
        answer.access = n->access.entries();
    return answer;
}

outcome znode_tree::write(const operation& o, writing& w)
{
    if (const auto* c = std::get_if<op::create>(&o))
        return as_outcome(create(*c, w));
    if (const auto* e = std::get_if<op::erase>(&o))
        return as_outcome(erase(*e, w));
    if (const auto* s = std::get_if<op::set>(&o))
        return as_outcome(set(*s, w));
    if (const auto* a = std::get_if<op::set_acl>(&o))
        return set_acl(*a);
    return multi(std::get<op::multi>(o), w);
}

step_result znode_tree::create(const op::create& o, writing& w)
{
    const auto parent_path = parent_of(o.path);
    auto* parent = find(parent_path);
    if (!parent)
        return failed(errc::no_node);
    auto path = is_sequential(o.mode) ? o.path + ten_digits(parent->creations) : o.path;
    if (find(path))
        return failed(errc::node_exists);
    if (is_ephemeral_owner(parent->own.ephemeral_owner))
        return failed(errc::no_children_for_ephemerals);

    w.undo.emplace_back([this, parent_path, path, creations = parent->creations, pzxid = parent->own.pzxid] {
        auto& p = nodes_.at(parent_path);
        p.children.erase(name_of(path));
        p.creations = creations;
        p.own.pzxid = pzxid;
        if (const auto owned = ephemerals_.find(nodes_.at(path).own.ephemeral_owner); owned != ephemerals_.end())
            owned->second.erase(path);
        nodes_.erase(path);
    });
    parent->children.insert(name_of(path));
    // At its end the servers' counter neither wraps nor moves, and pzxid stays with it.
    if (parent->creations != std::numeric_limits<std::int32_t>::max()) {
        ++parent->creations;
        parent->own.pzxid = w.zxid;
    }

    auto& n = nodes_[path];  // invalidates no pointer: the map's elements stay where they are
    n.data = o.data;
    n.access = o.access.is_session_default() ? acl::world_anyone() : o.access;
    n.own.czxid = n.own.mzxid = n.own.pzxid = w.zxid;
    n.own.ctime = n.own.mtime = w.who.now;
    n.own.ephemeral_owner = owner_for(o.mode, w.who.session);
    if (is_ephemeral(o.mode))
        ephemerals_[w.who.session].insert(path);

    w.changes.emplace_back(watch_event_type::created, path);
    w.changes.emplace_back(watch_event_type::children_changed, parent_path);
    step_result r;
    r.path = std::move(path);
    r.stat = stat_of(n);
    return r;
}

step_result znode_tree::erase(const op::erase& o, writing& w)
{
    if (is_system(o.path))
        return failed(errc::bad_argument);
    const auto* n = find(o.path);
    if (!n)
        return failed(errc::no_node);
    if (o.version != any_version && o.version != n->own.version)
        return failed(errc::bad_version);
    if (!n->children.empty())
        return failed(errc::not_empty);
    remove(o.path, w);
    return {};
}

void znode_tree::remove(const std::string& path, writing& w)
{
    const auto parent_path = parent_of(path);
    auto& parent = nodes_.at(parent_path);
    w.undo.emplace_back([this, path, parent_path, pzxid = parent.own.pzxid, n = nodes_.at(path)] {
        auto& p = nodes_.at(parent_path);
        p.children.insert(name_of(path));
        p.own.pzxid = pzxid;
        nodes_[path] = n;
        if (is_ephemeral_owner(n.own.ephemeral_owner))
            ephemerals_[n.own.ephemeral_owner].insert(path);
    });
    parent.children.erase(name_of(path));
    parent.own.pzxid = w.zxid;
    if (const auto owned = ephemerals_.find(nodes_.at(path).own.ephemeral_owner); owned != ephemerals_.end())
        owned->second.erase(path);
    nodes_.erase(path);
    w.changes.emplace_back(watch_event_type::erased, path);
    w.changes.emplace_back(watch_event_type::children_changed, parent_path);
}

step_result znode_tree::set(const op::set& o, writing& w)
{
    auto* n = find(o.path);
    if (!n)
        return failed(errc::no_node);
    if (o.version != any_version && o.version != n->own.version)
        return failed(errc::bad_version);
    w.undo.emplace_back([this, path = o.path, data = n->data, own = n->own] {
        auto& was = nodes_.at(path);
        was.data = data;
        was.own = own;
    });
    n->data = o.data;
    n->own.mzxid = w.zxid;
    n->own.mtime = w.who.now;
    ++n->own.version;
    w.changes.emplace_back(watch_event_type::changed, o.path);
    step_result r;
    r.stat = stat_of(*n);
    return r;
}

step_result znode_tree::check(const op::check& o) const
{
    const auto* n = find(o.path);
    if (!n)
        return failed(errc::no_node);
    if (o.version != any_version && o.version != n->own.version)
        return failed(errc::bad_version);
    return {};
}

outcome znode_tree::set_acl(const op::set_acl& o)
{
    auto* n = find(o.path);
    if (!n)
        return outcome{errc::no_node};
    if (o.version != any_version && o.version != n->own.aversion)
        return outcome{errc::bad_version};
    n->access = o.access;
    ++n->own.aversion;
    outcome answer;
    answer.stat = stat_of(*n);
    return answer;
}

outcome znode_tree::multi(const op::multi& o, writing& w)
{
    outcome answer;
    for (const auto& step : o.steps) {
        answer.steps.push_back(std::visit(
            [&](const auto& s) -> step_result {
                using Step = std::decay_t<decltype(s)>;
                if constexpr (std::is_same_v<Step, op::create>)
                    return without_stat(create(s, w));
                else if constexpr (std::is_same_v<Step, op::erase>)
                    return erase(s, w);
                else if constexpr (std::is_same_v<Step, op::set>)
                    return set(s, w);
                else
                    return check(s);
            },
            step));
        answer.ec = answer.steps.back().ec;
        if (answer.ec)
            break;
    }
    if (!answer.ec)
        return answer;

    std::for_each(w.undo.rbegin(), w.undo.rend(), [](const auto& undo) { undo(); });
    w.changes.clear();
    const auto culprit = answer.steps.size() - 1;
    answer.steps.assign(o.steps.size(), failed(errc::rolled_back));
    answer.steps[culprit].ec = answer.ec;
    return answer;
}

void znode_tree::end_session(std::int64_t session, std::vector<tree_change>& changes)
{
    const request_context who{session, 0};
    writing w{who, ++last_zxid_};
    for (const auto owned = std::exchange(ephemerals_[session], {}); const auto& path : owned)
        remove(path, w);
    ephemerals_.erase(session);
    std::move(w.changes.begin(), w.changes.end(), std::back_inserter(changes));
}

std::size_t znode_tree::reap_containers(std::vector<tree_change>& changes)
{
    std::vector<std::string> empty;
    for (const auto& [path, n] : nodes_)
        if (n.own.ephemeral_owner == container_owner && n.children.empty() && n.creations > 0)
            empty.push_back(path);
    const request_context who{0, 0};
    for (const auto& path : empty) {
        writing w{who, ++last_zxid_};
        remove(path, w);
        std::move(w.changes.begin(), w.changes.end(), std::back_inserter(changes));
    }
    return empty.size();
}

bool znode_tree::set_sequence(std::string_view parent, std::int32_t next)
{
    auto* n = find(std::string{parent});
    if (!n)
        return false;
    n->creations = next;
    return true;
}

}  // namespace turnstile::inline v0::testing
