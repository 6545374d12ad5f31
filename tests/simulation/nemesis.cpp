#include "nemesis.hpp"

#include "testing/memory_core.hpp"

#include <turnstile/path.hpp>

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace turnstile::simulation {

namespace {

constexpr auto forever = nanoseconds::max();

}  // namespace

nemesis::nemesis(dice& d, scheduler& s, testing::memory_server& server, testing::memory_core& core, referee& r, census& c,
                 hostility h, std::chrono::milliseconds timeout, std::vector<std::string> directories)
    : dice_{d},
      scheduler_{s},
      server_{server},
      core_{core},
      referee_{r},
      census_{c},
      hostility_{h},
      timeout_{timeout},
      directories_{std::move(directories)}
{
    server_.on_operation([this](std::int64_t session, const operation& o) { met(session, o); });
    scheduler_.on_idle([this] { return next(); });
}

nemesis::~nemesis() { server_.on_operation(nullptr); }

bool nemesis::strike(std::uint64_t one_in)
{
    if (resting_ || exhausted() || !dice_.one_in(one_in))
        return false;
    ++faults_;
    return true;
}

void nemesis::act()
{
    keep_time();
    if (strike(hostility_.cut_one_in))
        if (const auto sessions = server_.session_ids(); !sessions.empty())
            cut(dice_.one_of(sessions));
    if (strike(hostility_.stop_one_in))
        stop_somebody();
    if (strike(hostility_.end_session_one_in))
        end_a_session();
    if (!frozen_server_ && strike(hostility_.freeze_one_in))
        freeze_server();
    if (!refusing_ && strike(hostility_.refuse_one_in))
        refuse_for_a_while();
    if (strike(hostility_.touch_one_in))
        touch_a_place();
    if (strike(hostility_.stranger_one_in))
        send_a_stranger();
    if (!resting_ && dice_.one_in(hostility_.reap_one_in))
        census_.count("directories reaped", server_.reap_containers());
}

/// Before an operation is executed.
void nemesis::met(std::int64_t session, const operation& o)
{
    expires_at_[session] = scheduler_.now() + timeout_;
    const bool worth_it = std::holds_alternative<op::create>(o) || std::holds_alternative<op::erase>(o);
    if (!worth_it || !strike(hostility_.snipe_one_in))
        return;
    if (dice_.one_in(3)) {
        scheduler_.note("nemesis: cuts before " + std::string{verb_of(o)});
        server_.disconnect(session);
    } else {
        scheduler_.note("nemesis: will cut behind " + std::string{verb_of(o)});
        scheduler_.later(nanoseconds{0}, [this, session] { cut(session); });
    }
}

void nemesis::cut(std::int64_t session)
{
    const bool passed_on = dice_.one_in(2);
    scheduler_.note(fmt::format("nemesis: cuts {:x}{}", session, passed_on ? ", writes under way" : ""));
    census_.count(passed_on ? "cuts with writes under way" : "cuts");
    if (passed_on)
        server_.disconnect_with_writes_under_way(session);
    else
        server_.disconnect(session);
}

void nemesis::stop_somebody()
{
    const process_id p{dice_.between(1, scheduler_.processes() - 1)};
    if (scheduler_.stopped(p))
        return;
    census_.count("pauses");
    if (dice_.one_in(4)) {
        frozen_.push_back(p);
        scheduler_.stop(p, forever);
        scheduler_.note(fmt::format("nemesis: stops p{}", static_cast<std::size_t>(p)));
        return;
    }
    const auto pause = dice_.up_to(timeout_ * (dice_.one_in(2) ? 3 : 1));
    scheduler_.note(fmt::format("nemesis: stops p{} for {} ms", static_cast<std::size_t>(p),
                                std::chrono::duration_cast<std::chrono::milliseconds>(pause).count()));
    scheduler_.stop(p, scheduler_.now() + pause);
}

void nemesis::end_a_session()
{
    const auto sessions = server_.session_ids();
    if (sessions.empty())
        return;
    const auto session = dice_.one_of(sessions);
    scheduler_.note(fmt::format("nemesis: ends {:x} from outside", session));
    census_.count("sessions ended from outside");
    referee_.ended_from_outside(session);
    referee_.about_to_expire(session);
    server_.expire(session);
}

void nemesis::freeze_server()
{
    const bool replies_only = dice_.one_in(2);
    scheduler_.note(replies_only ? "nemesis: replies are held" : "nemesis: the server is stopped");
    census_.count(replies_only ? "replies held" : "server stopped");
    frozen_server_ = true;
    if (replies_only)
        server_.hold_replies(true);
    else
        server_.pause();
    scheduler_.later(dice_.up_to(timeout_), [this] {
        scheduler_.note("nemesis: the server goes on");
        frozen_server_ = false;
        server_.hold_replies(false);
        server_.resume();
    });
}

void nemesis::refuse_for_a_while()
{
    scheduler_.note("nemesis: connections are refused");
    census_.count("connections refused");
    refusing_ = true;
    server_.refuse_connections(true);
    for (const auto session : server_.session_ids())
        if (dice_.one_in(2))
            cut(session);
    scheduler_.later(dice_.up_to(timeout_ * 4), [this] {
        scheduler_.note("nemesis: connections are let in");
        refusing_ = false;
        server_.refuse_connections(false);
    });
}

void nemesis::touch_a_place()
{
    const auto& directory = dice_.one_of(directories_);
    if (!server_.exists(directory))
        return;
    const auto names = server_.children(directory);
    if (names.empty())
        return;
    census_.count("places touched");
    server_.set(join_path(directory, dice_.one_of(names)), "touched");
}

/// As of another library.
void nemesis::send_a_stranger()
{
    const auto& directory = dice_.one_of(directories_);
    if (!server_.exists(directory))
        return;
    census_.count("strangers");
    if (dice_.one_in(3))
        return send_a_stranger_who_becomes_a_reader(directory);
    const auto path = server_.create(directory + "/_c_5a5a-lock-", "", create_mode::ephemeral_sequential);
    scheduler_.note("nemesis: a stranger stands at " + path);
    scheduler_.later(dice_.up_to(timeout_), [this, path] {
        scheduler_.note("nemesis: the stranger leaves " + path);
        server_.erase(path);
    });
}

/// As Curator's writer does since 5.5: it puts a reader of the same number in the line, and then leaves as a writer.
void nemesis::send_a_stranger_who_becomes_a_reader(const std::string& directory)
{
    constexpr std::size_t digits = 10;
    census_.count("strangers who put a reader in front");
    const auto writer = server_.create(directory + "/_c_5a5a-__WRIT__", "", create_mode::ephemeral_sequential);
    const auto reader = directory + "/_c_5a5b-__READ__" + writer.substr(writer.size() - digits);
    scheduler_.note("nemesis: a stranger stands at " + writer);
    scheduler_.later(dice_.up_to(timeout_ / 2), [this, writer, reader] {
        scheduler_.note("nemesis: the stranger becomes " + reader);
        server_.create(reader, "", create_mode::ephemeral);
        server_.erase(writer);
    });
    scheduler_.later(timeout_ / 2 + dice_.up_to(timeout_ / 2), [this, reader] {
        scheduler_.note("nemesis: the stranger leaves " + reader);
        server_.erase(reader);
    });
}

// ---- The servers' clock

bool nemesis::silent(std::int64_t session) const
{
    const auto owner = referee_.owner_of(session);
    return !core_.has_client(session) || (owner && scheduler_.stopped(*owner));
}

void nemesis::keep_time()
{
    const auto now = scheduler_.now();
    for (const auto session : server_.session_ids()) {
        auto& at = expires_at_.try_emplace(session, now + timeout_).first->second;
        // A server that is stopped ends nothing, and one that is heard of says so by its pings.
        if (frozen_server_ || !silent(session)) {
            at = std::max(at, now + timeout_);
        } else if (at <= now) {
            scheduler_.note(fmt::format("the servers: {:x} has expired", session));
            census_.count("expiries");
            referee_.about_to_expire(session);
            server_.expire(session);
        }
    }
}

nanoseconds nemesis::next() const
{
    auto next = forever;
    if (!frozen_server_)
        for (const auto session : server_.session_ids())
            if (silent(session))
                if (const auto at = expires_at_.find(session); at != expires_at_.end())
                    next = std::min(next, at->second);
    return next;
}

void nemesis::rest() { resting_ = true; }

bool nemesis::wake_the_frozen()
{
    for (const auto p : frozen_) {
        scheduler_.note(fmt::format("nemesis: p{} goes on", static_cast<std::size_t>(p)));
        scheduler_.wake(p);
    }
    return !std::exchange(frozen_, {}).empty();
}

}  // namespace turnstile::simulation
