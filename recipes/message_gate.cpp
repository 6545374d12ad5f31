#include <turnstile/path.hpp>
#include <turnstile/recipes/message_gate.hpp>
#include <turnstile/recipes/once_gate.hpp>
#include <turnstile/recipes/resource_kind.hpp>

#include "detail/held_claim.hpp"
#include "detail/line_verbs.hpp"
#include "detail/message_buckets.hpp"
#include "detail/opened_kinds.hpp"
#include "detail/pause.hpp"
#include "detail/registration.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;
using detail::claim_view;
using status = detail::claim_record::status;
using namespace std::chrono_literals;

// ---- Ours to process

delivery::delivery(std::string id, std::shared_ptr<detail::held_claim> mine, std::string left) noexcept
    : id_{std::move(id)}, claim_{std::move(mine)}, left_{std::move(left)}
{
}
delivery::delivery(delivery&&) noexcept = default;
delivery& delivery::operator=(delivery&&) noexcept = default;
delivery::~delivery() = default;

std::uint32_t delivery::attempt() const noexcept { return claim_->record().attempt; }

fencing_token delivery::fence() const noexcept { return claim_->get_session().options().fence_base + claim_->zxid(); }

awaitable<void> delivery::declare(std::string intent)
{
    if (intent.empty() || intent.size() > claim_intent_max)
        throw error{errc::bad_argument, "delivery::declare", claim_->path(),
                    "intent: from 1 to " + std::to_string(claim_intent_max) + " bytes"};
    return detail::held_claim::declare(claim_, std::move(intent), "delivery::declare");
}

awaitable<void> delivery::done() { return detail::held_claim::finish(claim_, status::done, {}, "delivery::done"); }

awaitable<void> delivery::reject(std::string reason)
{
    if (reason.size() > result_max)
        throw error{errc::bad_argument, "delivery::reject", claim_->path(),
                    "reason: at most " + std::to_string(result_max) + " bytes"};
    return detail::held_claim::finish(claim_, status::failed, std::move(reason), "delivery::reject");
}

// ---- The gate

struct message_gate::state {
    session ensemble;
    membership members;
    kind_definition kind;
    message_policy policy;
    detail::message_buckets buckets;
    detail::live_count live;

    state(session s, const std::string& base, kind_definition k, const message_policy& p, std::string directory)
        : ensemble{s}, members{std::move(s), base}, kind{std::move(k)}, policy{p}, buckets{std::move(directory), p}
    {
    }
};

const session& message_gate::get_session() const noexcept { return state_->ensemble; }
const std::string& message_gate::directory() const noexcept { return state_->buckets.directory(); }
const message_policy& message_gate::policy() const noexcept { return state_->policy; }

namespace {

void check_options(const std::string& name, const message_options& how)
{
    detail::check_line(how.base, "message_gate");
    const auto& p = how.policy;
    const auto refuse = [&](const char* why) { throw error{errc::bad_argument, "message_gate", name, why}; };
    if (p.bucket < 1min || p.retention < p.bucket)
        refuse("bucket: a minute at least, and not longer than retention");
    if (p.retention / p.bucket > 1'000)
        refuse("retention: at most 1000 buckets");
    detail::check_shards(p.shards, "message_gate", name);
    if (p.max_attempts == 0 || p.max_live == 0)
        refuse("max_attempts and max_live: one at least");
}

detail::registration registration_of(const kind_definition& kind, const message_options& how)
{
    const auto& p = how.policy;
    detail::registration r;
    r.recipe = "message_gate";
    r.base = how.base;
    r.purpose = "messages";
    r.kind.name = kind.name;
    r.policy = {{"shards", std::to_string(p.shards)},
                {"bucket-minutes", std::to_string(p.bucket.count())},
                {"retention-minutes", std::to_string(p.retention.count())},
                {"max-attempts", std::to_string(p.max_attempts)},
                {"max-live", std::to_string(p.max_live)}};
    r.fixed = 2;
    r.replaces = how.replace_policy;
    return r;
}

}  // namespace

awaitable<message_gate> message_gate::open(session s, std::string name, message_options how, deadline until)
{
    check_options(name, how);
    const kind_definition kind{name, {"id:text"}};
    auto r = registration_of(kind, how);
    auto opened = std::make_shared<state>(s, how.base, kind, how.policy, r.directory());
    auto enrolling = detail::enrol(s, std::move(r), until);
    co_await std::move(enrolling);
    co_return message_gate{std::move(opened)};
}

// ---- Beginning

namespace {

constexpr auto verb_begin = "message_gate::begin";

/// A message on its way through the gate.
struct arrival {
    message what;
    std::string path;
    std::optional<message_entry> entry;  ///< decided without asking, or already

    explicit arrival(message m) : what{std::move(m)} {}
};

quarantine put_aside(quarantine::reason why, const claim_view& seen)
{
    quarantine q;
    q.why = why;
    q.attempts = seen.record.attempt;
    if (why == quarantine::reason::rejected)
        q.detail = seen.record.result;
    return q;
}

defer wait_for(std::string by)
{
    defer d;
    d.by = std::move(by);
    d.retry_after = detail::jittered(500ms);
    return d;
}

void check_digest(const message& m)
{
    const bool printable =
        std::all_of(m.digest.begin(), m.digest.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (m.digest.empty() || m.digest.size() > fingerprint_max || !printable)
        throw error{errc::bad_argument, verb_begin, m.id, "digest: from 1 to 128 printable characters"};
}

/// Everything that a gate needs to know while it begins.
struct desk {
    session ensemble;
    membership members;
    message_policy policy;
    detail::message_buckets buckets;
    detail::live_count& live;  // the gate's
    std::shared_ptr<void> keeps_gate;
    kind_definition kind;
    deadline until;
};

/// By what the message says of itself.
arrival receive(const desk& d, message m)
{
    check_digest(m);
    const resource_key key{d.kind, {m.id}};
    arrival a{std::move(m)};
    const auto now = std::chrono::system_clock::now();
    if (a.what.sent_at > now + clock_skew::tolerated) {
        clock_skew skew;
        skew.ahead = std::chrono::duration_cast<std::chrono::milliseconds>(a.what.sent_at - now);
        a.entry = skew;
    } else if (a.what.sent_at < now - d.policy.retention) {
        a.entry = too_old{};
    }
    a.path = d.buckets.path_of(key.encoded(), a.what.sent_at);
    return a;
}

detail::claim_record record_of(const desk& d, const message& m)
{
    detail::claim_record r;
    r.mark = detail::new_claim_mark(d.ensemble);
    r.fingerprint = m.digest;
    r.by = detail::claimant_in_words(d.ensemble);
    return r;
}

delivery deliver(const desk& d, const arrival& a, claim_view mine, std::string left)
{
    auto c =
        std::make_shared<detail::held_claim>(d.ensemble, a.path, std::move(mine), detail::held_claim::once_given_up::opens);
    return {a.what.id, std::move(c), std::move(left)};
}

/// What somebody has left, by one who is gone or has given up.
awaitable<message_entry> go_on_with(const desk& d, const arrival& a, claim_view seen)
{
    if (seen.record.attempt >= d.policy.max_attempts)
        co_return put_aside(quarantine::reason::too_many_attempts, seen);
    auto r = record_of(d, a.what);
    r.attempt = seen.record.attempt + 1;
    r.intent = seen.record.intent;
    auto taking = detail::take_claim(d.members, a.path, std::move(r), seen, verb_begin, d.until);
    auto answer = co_await std::move(taking);
    if (answer.ours)
        co_return deliver(d, a, std::move(*answer.seen), seen.record.intent);
    co_return wait_for(answer.seen ? answer.seen->record.by : std::string{});
}

/// Those of the owners that are alive: one look for all.
awaitable<std::set<std::string>> alive_of(const desk& d, std::set<std::string> owners)
{
    std::set<std::string> alive;
    if (owners.empty())
        co_return alive;
    pipeline p;
    p.add(op::sync{d.members.directory()});
    for (const auto& owner : owners)
        p.add(op::exists{join_path(d.members.directory(), owner)});
    const auto answers = co_await d.ensemble.run(std::move(p), d.until);
    std::size_t i = 0;
    for (const auto& owner : owners) {
        const auto& a = answers[++i];
        const auto ec = answers[0].ec ? answers[0].ec : a.ec;
        if (ec && ec != errc::no_node)
            throw error{ec == errc::deadline_exceeded ? errc::timed_out : ec, verb_begin, d.members.directory()};
        if (a.ok())
            alive.insert(owner);
    }
    co_return alive;
}

/// Whether somebody may be at it: its owner has to be looked for.
bool asks_for_owner(const arrival& a, const claim_view& seen)
{
    return seen.record.fingerprint == a.what.digest && seen.record.state == status::running;
}

/// What stands there, and is not ours.
awaitable<message_entry> beside(const desk& d, const arrival& a, claim_view seen, const std::set<std::string>& alive)
{
    if (seen.record.fingerprint != a.what.digest)
        co_return put_aside(quarantine::reason::other_body, seen);
    if (seen.record.state == status::done)
        co_return skip_done{};
    if (seen.record.state == status::failed)
        co_return put_aside(quarantine::reason::rejected, seen);
    if (seen.record.state == status::running && alive.contains(seen.record.owner))
        co_return wait_for(seen.record.by);
    // By compare-and-set: if it was done before its owner died, we do not get it.
    auto going_on = go_on_with(d, a, std::move(seen));
    co_return co_await std::move(going_on);
}

/// Whether there is room for some more ids; how many are live is looked up once in a second.
awaitable<bool> is_room_for(const desk& d, std::size_t more)
{
    if (d.live.is_stale()) {
        const auto sample = d.buckets.sample();
        pipeline p;
        for (const auto& path : sample)
            p.add(op::exists{path});
        const auto answers = co_await d.ensemble.run(std::move(p), d.until);
        std::uint64_t found = 0;
        for (const auto& a : answers)
            found += static_cast<std::uint64_t>(a.ok() ? a.stat.num_children : 0);
        d.live.counted(found * d.policy.shards);
    }
    co_return d.live.take(more, d.policy.max_live);
}

awaitable<std::vector<message_entry>> begin_all(desk d, std::vector<arrival> all)
{
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (!all[i].entry)
            open.push_back(i);
    if (!open.empty()) {
        auto counting = is_room_for(d, open.size());
        const bool room = co_await std::move(counting);
        if (!room) {
            overfull full;
            full.retry_after = detail::jittered(5s);
            for (const auto i : open)
                all[i].entry = full;
            open.clear();
        }
    }
    for (std::size_t from = 0; from < open.size(); from += message_gate::batch_max) {
        const auto to = std::min(open.size(), from + message_gate::batch_max);
        std::vector<std::pair<std::string, detail::claim_record>> claims;
        for (auto k = from; k < to; ++k)
            claims.emplace_back(all[open[k]].path, record_of(d, all[open[k]].what));
        std::vector<detail::claim_answer> answers;
        if (claims.size() == 1) {
            auto making = detail::make_claim(d.members, claims[0].first, claims[0].second, verb_begin, d.until);
            answers.push_back(co_await std::move(making));
        } else {
            auto making = detail::make_claims(d.members, std::move(claims), verb_begin, d.until);
            answers = co_await std::move(making);
        }
        std::set<std::string> owners;
        for (auto k = from; k < to; ++k) {
            auto& a = all[open[k]];
            auto& answer = answers[k - from];
            if (answer.ours)
                a.entry = deliver(d, a, std::move(*answer.seen), {});
            else if (asks_for_owner(a, *answer.seen))
                owners.insert(answer.seen->record.owner);
        }
        auto looking = alive_of(d, std::move(owners));
        const auto alive = co_await std::move(looking);
        for (auto k = from; k < to; ++k) {
            auto& a = all[open[k]];
            if (a.entry)
                continue;
            auto judging = beside(d, a, std::move(*answers[k - from].seen), alive);
            a.entry = co_await std::move(judging);
        }
    }
    std::vector<message_entry> entries;
    entries.reserve(all.size());
    for (auto& a : all)
        entries.push_back(std::move(*a.entry));
    co_return entries;
}

awaitable<message_entry> only(awaitable<std::vector<message_entry>> one)
{
    auto entries = co_await std::move(one);
    co_return std::move(entries.front());
}

awaitable<std::vector<message_entry>> none() { co_return std::vector<message_entry>{}; }

awaitable<std::vector<bool>> finish_all(std::vector<std::shared_ptr<detail::held_claim>> claims)
{
    std::vector<bool> done;
    for (std::size_t from = 0; from < claims.size(); from += message_gate::batch_max) {
        const auto first = claims.begin() + static_cast<std::ptrdiff_t>(from);
        const auto last =
            claims.begin() + static_cast<std::ptrdiff_t>(std::min(claims.size(), from + message_gate::batch_max));
        auto finishing = detail::held_claim::finish_all({first, last}, "message_gate::done_many");
        const auto some = co_await std::move(finishing);
        done.insert(done.end(), some.begin(), some.end());
    }
    co_return done;
}

}  // namespace

awaitable<message_entry> message_gate::begin(message m, deadline until) const
{
    std::vector<message> one;
    one.push_back(std::move(m));
    return only(begin_many(std::move(one), until));
}

awaitable<std::vector<message_entry>> message_gate::begin_many(std::vector<message> batch, deadline until) const
{
    if (batch.empty())
        return none();
    desk d{state_->ensemble, state_->members,
           state_->policy,   state_->buckets,
           state_->live,     state_,
           state_->kind,     until.is_never() ? deadline{state_->ensemble.options().operation_timeout} : until};
    std::vector<arrival> all;
    all.reserve(batch.size());
    for (auto& m : batch)
        all.push_back(receive(d, std::move(m)));
    return begin_all(std::move(d), std::move(all));
}

awaitable<std::vector<bool>> message_gate::done_many(std::vector<delivery> batch)
{
    std::vector<std::shared_ptr<detail::held_claim>> claims;
    claims.reserve(batch.size());
    for (auto& d : batch)
        claims.push_back(std::move(d.claim_));
    return finish_all(std::move(claims));
}

}  // namespace turnstile::inline v0
