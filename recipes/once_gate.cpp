#include <turnstile/path.hpp>
#include <turnstile/recipes/once_gate.hpp>

#include "detail/claim.hpp"
#include "detail/key_desk.hpp"
#include "detail/line_verbs.hpp"
#include "detail/once_visit.hpp"
#include "detail/opened_kinds.hpp"
#include "detail/registration.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;
using detail::claim_view;
using status = detail::claim_record::status;
using namespace std::chrono_literals;

// ---- The gate

struct once_gate::state {
    session ensemble;
    membership members;
    once_policy policy;
    detail::opened_kinds kinds;
    std::shared_ptr<detail::key_desk> desk = std::make_shared<detail::key_desk>();

    state(session s, const once_options& how, detail::opened_kinds k)
        : ensemble{s}, members{std::move(s), how.base}, policy{how.policy}, kinds{std::move(k)}
    {
    }

    std::string path_of(const resource_key& key, const char* verb) const
    {
        return join_path(kinds.shard_of(key, verb), key.encoded());
    }
};

const session& once_gate::get_session() const noexcept { return state_->ensemble; }

std::vector<std::pair<std::string, std::chrono::seconds>> once_gate::kept() const
{
    std::vector<std::pair<std::string, std::chrono::seconds>> all;
    for (const auto& [name, directory] : state_->kinds.directories())
        all.emplace_back(directory, state_->policy.keep);
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

detail::registration registration_of(const once_options& how)
{
    detail::registration r;
    r.recipe = "once_gate";
    r.base = how.base;
    r.purpose = "once";
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
    detail::check_kinds(kinds, how.policy.shards, "once_gate", how.base);
    if (how.policy.keep < 1s)
        throw error{errc::bad_argument, "once_gate", how.base, "keep: a second at least"};
}

}  // namespace

awaitable<once_gate> once_gate::open(session s, std::vector<kind_definition> kinds, once_options how, deadline until)
{
    check_options(kinds, how);
    auto opening = detail::open_kinds(s, std::move(kinds), registration_of(how), until);
    auto opened = co_await std::move(opening);
    co_return once_gate{std::make_shared<state>(std::move(s), how, std::move(opened))};
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
    v.policy = state_->policy;
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
