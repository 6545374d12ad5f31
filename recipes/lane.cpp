#include <turnstile/path.hpp>
#include <turnstile/recipes/lane.hpp>

#include "detail/intent_record.hpp"
#include "detail/lane_load.hpp"
#include "detail/line_verbs.hpp"
#include "detail/opened_kinds.hpp"
#include "detail/registration.hpp"
#include "detail/turn_state.hpp"
#include "detail/waiting_line.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

std::string_view to_string(refusal::reason why) noexcept
{
    switch (why) {
        case refusal::reason::busy:
            return "busy";
        case refusal::reason::queue_full:
            return "queue_full";
        case refusal::reason::deadline:
            return "deadline";
        case refusal::reason::overloaded:
            break;
    }
    return "overloaded";
}

struct lane::state {
    session ensemble;
    lane_policy policy;
    detail::opened_kinds kinds;
    std::map<std::string, std::shared_ptr<detail::lane_load>> loads;  // by the names of the kinds

    state(session s, const lane_policy& p, detail::opened_kinds k) : ensemble{std::move(s)}, policy{p}, kinds{std::move(k)}
    {
        for (const auto& [name, directory] : kinds.directories())
            loads.emplace(name, std::make_shared<detail::lane_load>());
    }
};

const session& lane::get_session() const noexcept { return state_->ensemble; }

// ---- Opening

namespace {

detail::registration registration_of(const lane_options& how)
{
    detail::registration r;
    r.recipe = "lane";
    r.base = how.base;
    r.purpose = "lanes";
    r.policy = {{"shards", std::to_string(how.policy.shards)}, {"max-waiters", std::to_string(how.policy.max_waiters)}};
    r.shards = how.policy.shards;
    r.fixed = 1;
    r.replaces = how.replace_policy;
    return r;
}

}  // namespace

awaitable<lane> lane::open(session s, std::vector<kind_definition> kinds, lane_options how, deadline until)
{
    detail::check_line(how.base, "lane");
    detail::check_kinds(kinds, how.policy.shards, "lane", how.base);
    auto opening = detail::open_kinds(s, std::move(kinds), registration_of(how), until);
    auto opened = co_await std::move(opening);
    co_return lane{std::make_shared<state>(std::move(s), how.policy, std::move(opened))};
}

// ---- Entering

namespace {

/// What the line decides about us while we ask for a place.
struct attempt {
    std::size_t ahead = 0;
    std::optional<refusal> refused;
};

/// The whole of what is known when asking for a turn.
struct asked {
    std::vector<detail::line_request> lines;                ///< of the resources, and behind them of the locks
    std::vector<std::shared_ptr<detail::lane_load>> loads;  ///< of the resources
    std::shared_ptr<attempt> seen = std::make_shared<attempt>();
    acquire_options how;
};

error_code admit(attempt& seen, const detail::lane_load& load, std::size_t ahead, std::size_t max_waiters, deadline until)
{
    seen.ahead = std::max(seen.ahead, ahead);
    const auto refused = load.judge(ahead, max_waiters, until);
    if (refused)
        seen.refused = refused;
    return refused ? errc::refused : error_code{};
}

void check_keys(const std::vector<resource_key>& keys)
{
    if (keys.empty() || keys.size() > turn_keys::keys_max)
        throw error{errc::bad_argument, "lane", {}, "from 1 to " + std::to_string(turn_keys::keys_max) + " resources"};
    auto sorted = keys;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
        throw error{errc::bad_argument, "lane", twice->text(), "named twice"};
}

void check_locks(const std::vector<mutex>& locks, const session& s)
{
    if (locks.size() > turn_keys::keys_max)
        throw error{errc::bad_argument, "lane", {}, "at most " + std::to_string(turn_keys::keys_max) + " locks"};
    std::set<std::string> paths;
    for (const auto& lock : locks) {
        if (lock.get_session() != s)
            throw error{errc::bad_argument, "lane", lock.path(), "of another session than the lane"};
        if (!paths.insert(lock.path()).second)
            throw error{errc::bad_argument, "lane", lock.path(), "named twice"};
    }
}

std::string line_key_of(const resource_key& key) { return key.encoded() + detail::key_end; }

std::string intent_path_of(const std::string& directory, const resource_key& key)
{
    return directory + "/" + line_key_of(key) + "intent";
}

left_intent intent_of(const resource_key& key, const std::string& data)
{
    auto r = detail::parse_intent_record(data);
    left_intent left;
    left.resource = key.text();
    left.intent = std::move(r.intent);
    left.operation = std::move(r.operation);
    left.fence = r.fence;
    left.by = std::move(r.by);
    return left;
}

/// Whether a look at the lines says already that we would be turned away.
awaitable<bool> turned_away_at_the_door(std::vector<detail::line_request> lines)
{
    for (auto& line : lines) {
        if (!line.admit)
            continue;
        const auto shared = std::make_shared<const detail::line_request>(std::move(line));
        const auto children = co_await detail::list_line(shared);
        if (shared->admit(detail::places_in(children, shared->key).size()))
            co_return true;
    }
    co_return false;
}

/// nullopt: somebody is there.
awaitable<std::optional<lease>> acquire(asked what)
{
    if (what.how.until.passed()) {
        if (what.lines.size() > 1)
            return detail::try_acquire_until_in(std::move(what.lines), what.how);
        return detail::try_acquire_until_in(std::move(what.lines.front()), what.how);
    }
    const auto some = [](awaitable<lease> granted) -> awaitable<std::optional<lease>> {
        co_return co_await std::move(granted);
    };
    if (what.lines.size() > 1)
        return some(detail::acquire_in(std::move(what.lines), what.how));
    return some(detail::acquire_in(std::move(what.lines.front()), what.how));
}

/// The reason of a refusal that was an error; nullopt: it is none.
std::optional<refusal::reason> as_refusal(const error_code& ec)
{
    if (ec == errc::timed_out)
        return refusal::reason::deadline;
    if (ec == errc::throttled || ec == errc::too_many_operations || ec == errc::too_many_ephemerals ||
        ec == errc::too_many_watches)
        return refusal::reason::overloaded;
    return std::nullopt;
}

/// The line itself goes on in a new ZooKeeper session; and who only looks, looks again.
bool stands_again(const error_code& ec, deadline until, bool waits)
{
    return ec == errc::session_expired && !(waits && until.passed());
}

/// A refusal, noted for those of this process who come after us.
refusal turned_away(const asked& what, refusal r)
{
    const auto again = deadline::clock::now() + r.retry_after;
    for (std::size_t i = 0; i < what.loads.size(); ++i)
        what.loads[i]->note_refused(what.lines[i].name(), again);
    return r;
}

bool looks_first(const asked& what)
{
    for (std::size_t i = 0; i < what.loads.size(); ++i)
        if (what.loads[i]->recently_refused(what.lines[i].name()))
            return true;
    return false;
}

/// A lease, or why there is none.
awaitable<std::variant<lease, refusal>> ask(asked what)
{
    const auto& load = *what.loads.front();
    const auto until = what.how.until;
    const bool waits = !until.passed();
    while (true) {
        error_code ec;
        try {
            if (waits && looks_first(what)) {
                auto looking = turned_away_at_the_door(what.lines);
                if (co_await std::move(looking))
                    co_return *what.seen->refused;
            }
            auto acquiring = acquire(what);
            auto granted = co_await std::move(acquiring);
            if (granted)
                co_return std::move(*granted);
            co_return load.refuse(refusal::reason::busy, 1);
        } catch (const error& e) {
            ec = e.code();
            if (ec != errc::refused && !as_refusal(ec) && !stands_again(ec, until, waits))
                throw;
        }
        if (ec == errc::refused)
            co_return turned_away(what, *what.seen->refused);
        if (const auto why = as_refusal(ec))
            co_return load.refuse(*why, what.seen->ahead);
    }
}

/// What the lines were found to bear becomes the turn's to deal with.
std::shared_ptr<detail::turn_state> begin_turn(const asked& what, const std::vector<resource_key>& keys, lease held)
{
    auto s = std::make_shared<detail::turn_state>();
    s->fence = held.token();
    s->held = std::move(held);
    s->operation = what.how.purpose;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& left = *what.lines[i].left;
        s->notes.push_back({left.path, left.data ? std::optional{left.version} : std::nullopt});
        if (left.data)
            s->left.push_back(intent_of(keys[i], *left.data));
    }
    s->reconciled = s->left.empty();
    s->over = [load = what.loads.front(), began = deadline::clock::now()] { load->took(deadline::clock::now() - began); };
    return s;
}

awaitable<std::variant<turn, refusal>> enter_in(asked what, std::vector<resource_key> keys)
{
    auto asking = ask(what);
    auto answer = co_await std::move(asking);
    if (auto* const held = std::get_if<lease>(&answer))
        co_return turn{begin_turn(what, keys, std::move(*held))};
    co_return std::get<refusal>(answer);
}

}  // namespace

awaitable<std::variant<turn, refusal>> lane::enter(turn_keys keys, turn_request how) const
{
    check_keys(keys.all());
    asked what;
    what.how.until = how.until;
    what.how.purpose = std::move(how.operation);
    what.how.owner = how.owner;
    for (const auto& key : keys.all()) {
        const auto directory = state_->kinds.shard_of(key, "lane::enter");
        const auto& load = state_->loads.at(key.kind());
        auto line = detail::request_for(state_->ensemble, directory, line_key_of(key), "lane::enter", what.how);
        line.left = std::make_shared<detail::bequest>(intent_path_of(directory, key));
        if (!how.until.passed())
            line.admit = [seen = what.seen, load, most = state_->policy.max_waiters, until = how.until](std::size_t ahead) {
                return admit(*seen, *load, ahead, most, until);
            };
        what.lines.push_back(std::move(line));
        what.loads.push_back(load);
    }
    check_locks(how.locks, state_->ensemble);
    for (const auto& lock : how.locks)
        what.lines.push_back(detail::request_for(state_->ensemble, lock.path(), "lane::enter", what.how));
    return enter_in(std::move(what), keys.all());
}

// ---- Looking

namespace {

awaitable<lane_view> look(detail::line_request line, resource_key key, std::string intent)
{
    const auto shared = std::make_shared<const detail::line_request>(std::move(line));
    pipeline both;
    both.add(op::children{shared->directory}).add(op::get{intent});
    const auto found = co_await shared->session.run(std::move(both), shared->until);
    for (const auto& answer : found)
        if (answer.ec && answer.ec != errc::no_node)
            detail::fail(*shared, answer.ec);
    lane_view view;
    if (found[1].ok())
        view.intent = intent_of(key, found[1].data);
    auto places = detail::places_of(shared, found[0].children);
    view.line = co_await std::move(places);
    co_return view;
}

}  // namespace

awaitable<lane_view> lane::inspect(resource_key key, deadline until) const
{
    const auto directory = state_->kinds.shard_of(key, "lane::inspect");
    detail::line_request line{state_->ensemble, directory, "lane::inspect", line_key_of(key)};
    line.until = until.is_never() ? deadline{state_->ensemble.options().operation_timeout} : until;
    auto intent = intent_path_of(directory, key);
    return look(std::move(line), std::move(key), std::move(intent));
}

}  // namespace turnstile::inline v0
