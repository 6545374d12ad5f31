#include <turnstile/path.hpp>
#include <turnstile/recipes/once_gate.hpp>

#include "detail/claim.hpp"
#include "detail/key_desk.hpp"
#include "detail/line_verbs.hpp"
#include "detail/pause.hpp"
#include "detail/registration.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;
using detail::claim_view;
using status = detail::claim_record::status;
using namespace std::chrono_literals;

// ---- Ours to do

namespace {

void check_intent(const std::string& intent, const char* verb, const std::string& path)
{
    if (intent.empty() || intent.size() > claim_intent_max)
        throw error{errc::bad_argument, verb, path, "intent: from 1 to " + std::to_string(claim_intent_max) + " bytes"};
}

void check_result(const std::string& result, const char* verb, const std::string& path)
{
    if (result.size() > result_max)
        throw error{errc::bad_argument, verb, path, "result: at most " + std::to_string(result_max) + " bytes"};
}

}  // namespace

admitted::admitted(std::shared_ptr<detail::held_claim> mine, std::string left) noexcept
    : claim_{std::move(mine)}, left_{std::move(left)}
{
}
admitted::admitted(admitted&&) noexcept = default;
admitted& admitted::operator=(admitted&&) noexcept = default;
admitted::~admitted() = default;

fencing_token admitted::fence() const noexcept { return claim_->get_session().options().fence_base + claim_->zxid(); }
std::uint32_t admitted::attempt() const noexcept { return claim_->record().attempt; }
const std::string& admitted::predecessor_intent() const noexcept { return left_; }

awaitable<void> admitted::declare(std::string intent)
{
    check_intent(intent, "admitted::declare", claim_->path());
    return detail::held_claim::declare(claim_, std::move(intent), "admitted::declare");
}

awaitable<void> admitted::commit(std::string result)
{
    check_result(result, "admitted::commit", claim_->path());
    return detail::held_claim::finish(claim_, status::done, std::move(result), "admitted::commit");
}

awaitable<void> admitted::fail(std::string reason)
{
    check_result(reason, "admitted::fail", claim_->path());
    return detail::held_claim::finish(claim_, status::failed, std::move(reason), "admitted::fail");
}

// ---- The gate

struct once_gate::state {
    struct entry {
        std::string directory;
        once_policy policy;
    };

    session ensemble;
    membership members;
    std::map<std::string, entry> kinds;
    std::shared_ptr<detail::key_desk> desk = std::make_shared<detail::key_desk>();

    state(session s, const std::string& base) : ensemble{s}, members{std::move(s), base} {}

    const entry& of(const resource_key& key, const char* verb) const
    {
        const auto found = kinds.find(key.kind());
        if (found == kinds.end())
            throw error{errc::bad_argument, verb, key.text(), "a kind that was not opened: " + key.kind()};
        return found->second;
    }

    std::string path_of(const resource_key& key, const char* verb) const
    {
        const auto& kind = of(key, verb);
        return join_path(join_path(kind.directory, detail::shard_of(key.encoded(), kind.policy.shards)), key.encoded());
    }
};

const session& once_gate::get_session() const noexcept { return state_->ensemble; }

std::vector<std::pair<std::string, std::chrono::seconds>> once_gate::kept() const
{
    std::vector<std::pair<std::string, std::chrono::seconds>> all;
    for (const auto& [name, kind] : state_->kinds)
        all.emplace_back(kind.directory, kind.policy.keep);
    return all;
}

namespace {

const char* text_of(once_policy::while_running p) { return p == once_policy::while_running::join ? "join" : "refuse"; }

const char* text_of(once_policy::after_done p)
{
    if (p == once_policy::after_done::refuse)
        return "refuse";
    return p == once_policy::after_done::allow_if_failed ? "allow-if-failed" : "return-first";
}

const char* text_of(once_policy::on_outage p) { return p == once_policy::on_outage::pass_to_db ? "pass-to-db" : "refuse"; }

detail::registration registration_of(const kind_definition& kind, const once_options& how)
{
    detail::registration r;
    r.recipe = "once_gate";
    r.base = how.base;
    r.purpose = "once";
    r.kind = kind;
    r.policy = {{"shards", std::to_string(how.policy.shards)},
                {"while-running", text_of(how.policy.running)},
                {"after-done", text_of(how.policy.done)},
                {"on-outage", text_of(how.policy.outage)},
                {"keep-seconds", std::to_string(how.policy.keep.count())}};
    r.shards = how.policy.shards;
    r.fixed = 1;
    r.replaces = how.replace_policy;
    return r;
}

void check_options(const std::vector<kind_definition>& kinds, const once_options& how)
{
    detail::check_line(how.base, "once_gate");
    if (kinds.empty())
        throw error{errc::bad_argument, "once_gate", how.base, "no kinds"};
    if (how.policy.shards == 0 || how.policy.shards > detail::shards_max)
        throw error{errc::bad_argument, "once_gate", how.base, "shards: from 1 to " + std::to_string(detail::shards_max)};
    if (how.policy.keep < 1s)
        throw error{errc::bad_argument, "once_gate", how.base, "keep: a second at least"};
}

}  // namespace

awaitable<once_gate> once_gate::open(session s, std::vector<kind_definition> kinds, once_options how, deadline until)
{
    check_options(kinds, how);
    auto opened = std::make_shared<state>(s, how.base);
    for (const auto& kind : kinds) {
        auto r = registration_of(kind, how);
        state::entry e;
        e.directory = r.directory();
        e.policy = how.policy;
        auto enrolling = detail::enrol(s, std::move(r), until);
        co_await std::move(enrolling);
        opened->kinds.emplace(kind.name, std::move(e));
    }
    co_return once_gate{std::move(opened)};
}

// ---- Orphans

struct orphan::state {
    session ensemble;
    membership members;
    std::shared_ptr<detail::key_desk> desk;
    std::string path;
    claim_view seen;

    state(session s, membership m) : ensemble{std::move(s)}, members{std::move(m)} {}
};

orphan::orphan(std::shared_ptr<state> s) noexcept : state_{std::move(s)} {}
orphan::orphan(orphan&&) noexcept = default;
orphan& orphan::operator=(orphan&&) noexcept = default;
orphan::~orphan() = default;

const std::string& orphan::intent() const noexcept { return state_->seen.record.intent; }
const std::string& orphan::by() const noexcept { return state_->seen.record.by; }
std::uint32_t orphan::attempt() const noexcept { return state_->seen.record.attempt; }

namespace {

constexpr auto verb_enter = "once_gate::enter";

detail::claim_record record_of(const session& s, std::string fingerprint)
{
    detail::claim_record r;
    r.mark = detail::new_claim_mark(s);
    r.fingerprint = std::move(fingerprint);
    r.by = detail::claimant_in_words(s);
    return r;
}

admitted admit(const session& s, const std::string& path, claim_view mine, std::string left, detail::key_desk::asker& asking)
{
    auto fingerprint = mine.record.fingerprint;
    auto c = std::make_shared<detail::held_claim>(s, path, std::move(mine), detail::held_claim::once_given_up::goes);
    c->ended = asking.holds(std::move(fingerprint));
    return admitted{std::move(c), std::move(left)};
}

/// From one owner to the next: exactly one gets it.
awaitable<std::optional<admitted>> take(session s, membership m, std::string path, claim_view from,
                                        detail::key_desk::asker& asking, deadline until)
{
    auto r = record_of(s, from.record.fingerprint);
    r.attempt = from.record.attempt + 1;
    // What the last one had declared stays until we declare something ourselves: if we die, it is still true.
    r.intent = from.record.intent;
    auto taking = detail::take_claim(m, path, std::move(r), from, "orphan::take_over", until);
    auto answer = co_await std::move(taking);
    if (!answer.ours)
        co_return std::nullopt;
    co_return admit(s, path, std::move(*answer.seen), from.record.intent, asking);
}

}  // namespace

awaitable<std::optional<admitted>> orphan::take_over(deadline until)
{
    const auto over = [](std::shared_ptr<state> o, deadline by) -> awaitable<std::optional<admitted>> {
        auto place = o->desk->come(o->path);
        if (!place.first)
            co_return std::nullopt;  // somebody of this process is at it
        auto taking = take(o->ensemble, o->members, o->path, o->seen, *place.first, by);
        co_return co_await std::move(taking);
    };
    return over(state_, until.is_never() ? deadline{state_->ensemble.options().operation_timeout} : until);
}

// ---- Entering

namespace {

/// Everything that an attempt to enter needs to know.
struct visit {
    session ensemble;
    membership members;
    std::shared_ptr<detail::key_desk> desk;
    std::string path;
    std::string fingerprint;
    once_policy policy;
    deadline until;

    visit(session s, membership m) : ensemble{std::move(s)}, members{std::move(m)} {}
};

in_progress at_it(std::string by)
{
    in_progress p;
    p.by = std::move(by);
    p.retry_after = detail::jittered(100ms);
    return p;
}

turned_away away(turned_away::reason why)
{
    turned_away t;
    t.why = why;
    t.retry_after = why == turned_away::reason::outage ? detail::jittered(1s) : 0ms;
    return t;
}

bool is_over(const claim_view& seen) { return seen.record.state == status::done || seen.record.state == status::failed; }

/// What a claim that is over means for who comes after it; nullopt: it may begin again.
std::optional<once_entry> after(const visit& v, const claim_view& seen)
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

once_entry left_alone(const visit& v, claim_view seen)
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

awaitable<second_look> look_again(const visit& v, const claim_view& seen)
{
    // In this order, behind a sync: an owner that had died when it was looked for can have changed nothing after that.
    pipeline p;
    p.add(op::sync{v.path}).add(op::exists{join_path(v.members.directory(), seen.record.owner)}).add(op::get{v.path});
    const auto answers = co_await v.ensemble.run(std::move(p), v.until);
    for (const auto& a : answers)
        if (a.ec && a.ec != errc::no_node)
            throw error{a.ec, verb_enter, v.path};
    second_look l;
    l.alive = answers[1].ok();
    if (answers[2].ok())
        l.now = detail::view_of(answers[2]);
    co_return l;
}

/// Until the claim is another, or its owner is gone. False: the deadline came first.
awaitable<bool> changed(const visit& v, const claim_view& seen)
{
    watcher news{v.ensemble};
    pipeline p;
    p.add(op::get{v.path}, news).add(op::exists{join_path(v.members.directory(), seen.record.owner)}, news);
    const auto answers = co_await v.ensemble.run(std::move(p), v.until);
    for (const auto& a : answers)
        if (a.ec && a.ec != errc::no_node)
            throw error{a.ec, verb_enter, v.path};
    if (!answers[0].ok() || answers[0].stat.version != seen.version || !answers[1].ok())
        co_return true;
    auto waiting = news.next(v.until);
    const auto event = co_await std::move(waiting);
    co_return event.has_value();
}

/// What was found, for all of this process who want to know. nullopt: for this one it means waiting.
std::optional<once_entry> judge(const visit& v, const claim_view& seen, bool alive)
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
awaitable<std::optional<once_entry>> beside(const visit& v, claim_view seen, std::unique_ptr<detail::key_desk::asker> asking)
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
awaitable<std::optional<once_entry>> ask(const visit& v, std::unique_ptr<detail::key_desk::asker> asking)
{
    auto making = detail::make_claim(v.members, v.path, record_of(v.ensemble, v.fingerprint), verb_enter, v.until);
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
        auto taking = take(v.ensemble, v.members, v.path, std::move(seen), *asking, v.until);
        auto mine = co_await std::move(taking);
        if (mine)
            co_return std::move(*mine);
        co_return std::nullopt;
    }
    auto waiting = beside(v, std::move(seen), std::move(asking));
    co_return co_await std::move(waiting);
}

/// Somebody of this process has it.
awaitable<std::optional<once_entry>> behind_our_own(const visit& v)
{
    if (v.policy.running == once_policy::while_running::refuse)
        co_return at_it({});
    auto reading = detail::read_claim(v.ensemble, v.path, verb_enter, v.until);
    auto seen = co_await std::move(reading);
    if (!seen)
        co_return std::nullopt;
    if (is_over(*seen))
        if (auto end = after(v, *seen))
            co_return end;
    auto waiting = beside(v, std::move(*seen), nullptr);
    co_return co_await std::move(waiting);
}

awaitable<std::optional<once_entry>> visit_once(const visit& v)
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

awaitable<once_entry> enter_as(visit v)
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

void check_fingerprint(const std::string& fingerprint, const resource_key& key)
{
    const bool printable =
        std::all_of(fingerprint.begin(), fingerprint.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (fingerprint.empty() || fingerprint.size() > fingerprint_max || !printable)
        throw error{errc::bad_argument, verb_enter, key.text(),
                    "fingerprint: from 1 to " + std::to_string(fingerprint_max) + " printable characters"};
}

}  // namespace

awaitable<once_entry> once_gate::enter(resource_key key, std::string fingerprint, once_request how) const
{
    check_fingerprint(fingerprint, key);
    visit v{state_->ensemble, state_->members};
    v.desk = state_->desk;
    v.path = state_->path_of(key, verb_enter);
    v.policy = state_->of(key, verb_enter).policy;
    v.fingerprint = std::move(fingerprint);
    const bool patient = v.policy.running == once_policy::while_running::join;
    v.until = how.until.is_never() && !patient ? deadline{state_->ensemble.options().operation_timeout} : how.until;
    return enter_as(std::move(v));
}

// ---- For operators

namespace {

awaitable<bool> revoke_as(session s, std::string path, std::string expected, deadline until)
{
    auto reading = detail::read_claim(s, path, "once_gate::revoke", until);
    auto seen = co_await std::move(reading);
    if (!seen || !is_over(*seen) || seen->record.result != expected)
        co_return false;
    auto dropping = detail::drop_claim(s, path, std::move(*seen), "once_gate::revoke", until);
    co_return co_await std::move(dropping);
}

once_view::status shown(status s)
{
    switch (s) {
        case status::running:
            return once_view::status::running;
        case status::suspect:
            return once_view::status::suspect;
        case status::open:
            return once_view::status::open;
        case status::done:
            return once_view::status::done;
        case status::failed:
            break;
    }
    return once_view::status::failed;
}

awaitable<std::optional<once_view>> inspect_as(session s, membership m, std::string path, deadline until)
{
    auto reading = detail::read_claim(s, path, "once_gate::inspect", until);
    const auto seen = co_await std::move(reading);
    if (!seen)
        co_return std::nullopt;
    once_view view;
    view.state = shown(seen->record.state);
    view.by = seen->record.by;
    view.intent = seen->record.intent;
    view.result = seen->record.result;
    view.attempt = seen->record.attempt;
    if (!seen->record.owner.empty()) {
        auto looking = m.alive(seen->record.owner, until);
        view.owner_alive = co_await std::move(looking);
    }
    co_return view;
}

}  // namespace

awaitable<bool> once_gate::revoke(resource_key key, std::string expected_result, deadline until) const
{
    auto path = state_->path_of(key, "once_gate::revoke");
    return revoke_as(state_->ensemble, std::move(path), std::move(expected_result), until);
}

awaitable<std::optional<once_view>> once_gate::inspect(resource_key key, deadline until) const
{
    auto path = state_->path_of(key, "once_gate::inspect");
    return inspect_as(state_->ensemble, state_->members, std::move(path), until);
}

}  // namespace turnstile::inline v0
