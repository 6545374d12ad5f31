#include "once_visit.hpp"

#include <turnstile/path.hpp>
#include <turnstile/watch.hpp>

#include "held_claim.hpp"
#include "pause.hpp"

#include <chrono>
#include <optional>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

// ---- Orphans

struct orphan::state {
    session ensemble;
    membership members;
    std::shared_ptr<detail::key_desk> desk;
    std::string path;
    detail::claim_view seen;

    state(session s, membership m) : ensemble{std::move(s)}, members{std::move(m)} {}
};

orphan::orphan(std::shared_ptr<state> s) noexcept : state_{std::move(s)} {}
orphan::orphan(orphan&&) noexcept = default;
orphan& orphan::operator=(orphan&&) noexcept = default;
orphan::~orphan() = default;

const std::string& orphan::intent() const noexcept { return state_->seen.record.intent; }
const std::string& orphan::by() const noexcept { return state_->seen.record.by; }
std::uint32_t orphan::attempt() const noexcept { return state_->seen.record.attempt; }

namespace detail {

using status = claim_record::status;
using namespace std::chrono_literals;

namespace {

claim_record record_of(const session& s, std::string fingerprint)
{
    claim_record r;
    r.mark = new_claim_mark(s);
    r.fingerprint = std::move(fingerprint);
    r.by = claimant_in_words(s);
    return r;
}

admitted admit(const session& s, const std::string& path, claim_view mine, std::string left, key_desk::asker& asking)
{
    auto fingerprint = mine.record.fingerprint;
    auto c = std::make_shared<held_claim>(s, path, std::move(mine), held_claim::once_given_up::goes);
    c->ended = asking.holds(std::move(fingerprint));
    return admitted{std::move(c), std::move(left)};
}

/// From one owner to the next: exactly one gets it.
awaitable<std::optional<admitted>> take_over_claim(session s, membership m, std::string path, claim_view from,
                                                   key_desk::asker& asking, deadline until)
{
    auto r = record_of(s, from.record.fingerprint);
    r.attempt = from.record.attempt + 1;
    // What the last one had declared stays until we declare something ourselves: if we die, it is still true.
    r.intent = from.record.intent;
    auto taking = take_claim(m, path, std::move(r), from, "orphan::take_over", until);
    auto answer = co_await std::move(taking);
    if (!answer.ours)
        co_return std::nullopt;
    co_return admit(s, path, std::move(*answer.seen), from.record.intent, asking);
}

}  // namespace

}  // namespace detail

awaitable<std::optional<admitted>> orphan::take_over(deadline until)
{
    const auto over = [](std::shared_ptr<state> o, deadline by) -> awaitable<std::optional<admitted>> {
        auto place = o->desk->come(o->path);
        if (!place.first)
            co_return std::nullopt;  // somebody of this process is at it
        auto taking = detail::take_over_claim(o->ensemble, o->members, o->path, o->seen, *place.first, by);
        co_return co_await std::move(taking);
    };
    return over(state_, until.is_never() ? deadline{state_->ensemble.options().operation_timeout} : until);
}

// ---- Entering

namespace detail {

namespace {

in_progress at_it(std::string by)
{
    in_progress p;
    p.by = std::move(by);
    p.retry_after = jittered(100ms);
    return p;
}

turned_away away(turned_away::reason why)
{
    turned_away t;
    t.why = why;
    t.retry_after = why == turned_away::reason::outage ? jittered(1s) : 0ms;
    return t;
}

/// What a claim that is over means for who comes after it; nullopt: it may begin again.
std::optional<once_entry> after(const once_visit& v, const claim_view& seen)
{
    if (seen.record.fingerprint != v.fingerprint)
        return key_reused{};
    const bool failed = seen.record.state == status::failed;
    if (failed && v.policy.done == once_policy::after_done::allow_if_failed)
        return std::nullopt;
    if (v.policy.done == once_policy::after_done::refuse)
        return away(turned_away::reason::done);
    already_done d;
    d.result = seen.record.result;
    d.failed = failed;
    return d;
}

once_entry left_alone(const once_visit& v, claim_view seen)
{
    auto o = std::make_shared<orphan::state>(v.ensemble, v.members);
    o->desk = v.desk;
    o->path = v.path;
    o->seen = std::move(seen);
    return orphan{std::move(o)};
}

/// Whether the owner of a claim that was seen running is alive; or the claim as it is by now, if that is another.
struct second_look {
    bool alive = false;
    std::optional<claim_view> now;
};

awaitable<second_look> look_again(const once_visit& v, const claim_view& seen)
{
    // In this order, behind a sync: an owner that had died when it was looked for can have changed nothing after that.
    pipeline p;
    p.add(op::sync{v.path}).add(op::exists{join_path(v.members.directory(), seen.record.owner)}).add(op::get{v.path});
    const auto answers = co_await v.ensemble.run(std::move(p), v.until);
    for (const auto& a : answers)
        if (a.ec && a.ec != errc::no_node)
            throw error{a.ec, verb_enter_once, v.path};
    second_look l;
    l.alive = answers[1].ok();
    if (answers[2].ok())
        l.now = view_of(answers[2]);
    co_return l;
}

/// Until the claim is another, or its owner is gone. False: the deadline came first.
awaitable<bool> changed(const once_visit& v, const claim_view& seen)
{
    watcher news{v.ensemble};
    pipeline p;
    p.add(op::get{v.path}, news).add(op::exists{join_path(v.members.directory(), seen.record.owner)}, news);
    const auto answers = co_await v.ensemble.run(std::move(p), v.until);
    for (const auto& a : answers)
        if (a.ec && a.ec != errc::no_node)
            throw error{a.ec, verb_enter_once, v.path};
    if (!answers[0].ok() || answers[0].stat.version != seen.version || !answers[1].ok())
        co_return true;
    auto waiting = news.next(v.until);
    const auto event = co_await std::move(waiting);
    co_return event.has_value();
}

/// What was found, for all of this process who want to know. nullopt: for this one it means waiting.
std::optional<once_entry> judge(const once_visit& v, const claim_view& seen, bool alive)
{
    if (seen.record.fingerprint != v.fingerprint)
        return key_reused{};
    if (is_over(seen))
        return after(v, seen);
    if (!alive)
        return left_alone(v, seen);
    if (v.policy.running == once_policy::while_running::refuse)
        return at_it(seen.record.by);
    return std::nullopt;
}

/// Who comes while somebody else is at it, or was. nullopt: look again, it has changed. `asking`: if we ask for others too.
awaitable<std::optional<once_entry>> beside(const once_visit& v, claim_view seen, std::unique_ptr<key_desk::asker> asking)
{
    if (seen.record.fingerprint != v.fingerprint)
        co_return key_reused{};
    bool alive = false;
    if (seen.record.state == status::running) {
        auto looking = look_again(v, seen);
        const auto found = co_await std::move(looking);
        if (!found.now || found.now->version != seen.version)
            co_return std::nullopt;
        alive = found.alive;
    }
    if (auto entry = judge(v, seen, alive)) {
        if (asking)
            asking->saw(std::move(seen), alive);
        co_return entry;
    }
    asking.reset();  // others need not wait for what we wait for
    auto waiting = changed(v, seen);
    const bool another = co_await std::move(waiting);
    if (!another)
        co_return at_it(seen.record.by);
    co_return std::nullopt;
}

/// The first of this process: asks ZooKeeper. nullopt: what was found has changed since.
awaitable<std::optional<once_entry>> ask(const once_visit& v, std::unique_ptr<key_desk::asker> asking)
{
    auto making = make_claim(v.members, v.path, record_of(v.ensemble, v.fingerprint), verb_enter_once, v.until);
    auto answer = co_await std::move(making);
    if (answer.ours)
        co_return admit(v.ensemble, v.path, std::move(*answer.seen), {}, *asking);
    auto& seen = *answer.seen;
    if (is_over(seen)) {
        if (auto end = after(v, seen)) {
            asking->saw(std::move(seen), false);
            co_return end;
        }
    }
    if (is_over(seen) || seen.record.state == status::open) {
        auto taking = take_over_claim(v.ensemble, v.members, v.path, std::move(seen), *asking, v.until);
        auto mine = co_await std::move(taking);
        if (mine)
            co_return std::move(*mine);
        co_return std::nullopt;
    }
    auto waiting = beside(v, std::move(seen), std::move(asking));
    co_return co_await std::move(waiting);
}

/// Somebody of this process has it.
awaitable<std::optional<once_entry>> behind_our_own(const once_visit& v)
{
    if (v.policy.running == once_policy::while_running::refuse)
        co_return at_it({});
    auto reading = read_claim(v.ensemble, v.path, verb_enter_once, v.until);
    auto seen = co_await std::move(reading);
    if (!seen)
        co_return std::nullopt;
    if (is_over(*seen))
        if (auto end = after(v, *seen))
            co_return end;
    auto waiting = beside(v, std::move(*seen), nullptr);
    co_return co_await std::move(waiting);
}

awaitable<std::optional<once_entry>> visit_once(const once_visit& v)
{
    auto place = v.desk->come(v.path);
    if (place.first) {
        auto asking = ask(v, std::move(place.first));
        co_return co_await std::move(asking);
    }
    if (!place.other) {
        if (place.taken_for != v.fingerprint)
            co_return key_reused{};
        auto waiting = behind_our_own(v);
        co_return co_await std::move(waiting);
    }
    auto waiting = place.other->answered.wait(v.until);
    const auto ec = co_await std::move(waiting);
    if (ec == errc::deadline_exceeded)
        co_return at_it({});
    if (ec)
        throw boost::system::system_error{ec};
    if (place.other->seen)
        co_return judge(v, *place.other->seen, place.other->alive);
    co_return std::nullopt;
}

/// ZooKeeper could not be reached, or its answer did not come in time.
bool is_outage(const error_code& ec)
{
    return ec == errc::not_connected || ec == errc::timed_out || ec == errc::deadline_exceeded ||
           ec == errc::connection_loss || ec == errc::operation_timeout || ec == errc::session_expired;
}

}  // namespace

bool is_over(const claim_view& seen) { return seen.record.state == status::done || seen.record.state == status::failed; }

awaitable<once_entry> enter_once(once_visit v)
{
    while (true) {
        error_code ec;
        try {
            auto visiting = visit_once(v);
            auto entry = co_await std::move(visiting);
            if (entry)
                co_return std::move(*entry);
        } catch (const error& e) {
            ec = e.code();
            if (!is_outage(ec))
                throw;
        }
        if (ec && (v.until.passed() || ec == errc::not_connected)) {
            if (v.policy.outage == once_policy::on_outage::pass_to_db)
                co_return pass_to_db{};
            co_return away(turned_away::reason::outage);
        }
        if (v.until.passed())
            co_return at_it({});
    }
}

}  // namespace detail

}  // namespace turnstile::inline v0
