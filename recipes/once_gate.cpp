#include <turnstile/path.hpp>
#include <turnstile/recipes/once_gate.hpp>

#include "detail/claim.hpp"
#include "detail/key_desk.hpp"
#include "detail/line_verbs.hpp"
#include "detail/once_visit.hpp"
#include "detail/registration.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;
using detail::claim_view;
using status = detail::claim_record::status;
using namespace std::chrono_literals;

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

// ---- Entering

namespace {

void check_fingerprint(const std::string& fingerprint, const resource_key& key)
{
    const bool printable =
        std::all_of(fingerprint.begin(), fingerprint.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (fingerprint.empty() || fingerprint.size() > fingerprint_max || !printable)
        throw error{errc::bad_argument, detail::verb_enter_once, key.text(),
                    "fingerprint: from 1 to " + std::to_string(fingerprint_max) + " printable characters"};
}

}  // namespace

awaitable<once_entry> once_gate::enter(resource_key key, std::string fingerprint, once_request how) const
{
    check_fingerprint(fingerprint, key);
    detail::once_visit v{state_->ensemble, state_->members};
    v.desk = state_->desk;
    v.path = state_->path_of(key, detail::verb_enter_once);
    v.policy = state_->of(key, detail::verb_enter_once).policy;
    v.fingerprint = std::move(fingerprint);
    const bool patient = v.policy.running == once_policy::while_running::join;
    v.until = how.until.is_never() && !patient ? deadline{state_->ensemble.options().operation_timeout} : how.until;
    return detail::enter_once(std::move(v));
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
