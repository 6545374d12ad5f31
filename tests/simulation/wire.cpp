#include "wire.hpp"

#include <spdlog/fmt/fmt.h>

#include <string>
#include <utility>

namespace turnstile::simulation {

namespace {

struct ends {
    process_id p;
    scheduler& all;
    wire_tap& tap;

    void tell(task f) const { all.push(p, lane::inbox, std::move(f)); }
    void note(const char* what, std::string_view about) const
    {
        if (all.tracing())
            all.note(fmt::format("p{} {} {}", static_cast<std::size_t>(p), what, about));
    }
};

class inbox final : public detail::client_events {
public:
    inbox(const ends& e, std::shared_ptr<detail::client_events> to) : ends_{e}, to_{std::move(to)} {}

    void on_connected(const detail::session_identity& identity, std::chrono::milliseconds timeout) override
    {
        session_ = identity.id;
        ends_.tap.connected(ends_.p, identity.id);
        ends_.tell([e = ends_, to = to_, identity, timeout] {
            e.note("is", "connected");
            to->on_connected(identity, timeout);
        });
    }
    void on_disconnected() override
    {
        ends_.tell([e = ends_, to = to_] {
            e.note("is", "disconnected");
            to->on_disconnected();
        });
    }
    void on_expired() override
    {
        ends_.tell([e = ends_, to = to_, session = session_] {
            e.note("is", "expired");
            to->on_expired();
            e.tap.heard_of_the_end(session);
        });
    }
    void on_auth_failed() override
    {
        ends_.tell([to = to_] { to->on_auth_failed(); });
    }
    void on_watch(watch_event_type type, const std::string& path) override
    {
        ends_.tell([e = ends_, to = to_, type, path] {
            e.note("sees", path);
            to->on_watch(type, path);
        });
    }

    std::int64_t session() const noexcept { return session_; }

private:
    const ends ends_;
    const std::shared_ptr<detail::client_events> to_;
    std::int64_t session_ = 0;
};

class wired_client final : public detail::client {
public:
    wired_client(const ends& e, std::shared_ptr<inbox> received, std::shared_ptr<detail::client> server)
        : ends_{e}, inbox_{std::move(received)}, server_{std::move(server)}
    {
    }

    error_code submit(const operation& o, detail::completion done) override
    {
        ends_.tap.submitted(inbox_->session(), o);
        return server_->submit(o, [e = ends_, o, done = std::move(done)](outcome answer) mutable {
            e.tell([e, o = std::move(o), done = std::move(done), answer = std::move(answer)]() mutable {
                e.note("hears", std::string{verb_of(o)} + " " + std::string{path_of(o)} +
                                    (answer.ok() ? "" : ": " + answer.ec.message()));
                e.tap.answered(e.p, o, answer);
                done(std::move(answer));
            });
        });
    }
    void close(bool end_session, task closed) override
    {
        server_->close(end_session, [e = ends_, closed = std::move(closed)]() mutable { e.tell(std::move(closed)); });
    }

private:
    const ends ends_;
    const std::shared_ptr<inbox> inbox_;
    const std::shared_ptr<detail::client> server_;
};

class wired_transport final : public detail::transport {
public:
    wired_transport(const ends& e, std::shared_ptr<detail::transport> server) : ends_{e}, server_{std::move(server)} {}

    std::shared_ptr<detail::client> open(detail::client_settings settings,
                                         std::shared_ptr<detail::client_events> events) override
    {
        auto received = std::make_shared<inbox>(ends_, std::move(events));
        return std::make_shared<wired_client>(ends_, received, server_->open(std::move(settings), received));
    }

private:
    const ends ends_;
    const std::shared_ptr<detail::transport> server_;
};

}  // namespace

std::shared_ptr<detail::transport> wire_of(process_id p, scheduler& s, wire_tap& tap,
                                           std::shared_ptr<detail::transport> server)
{
    return std::make_shared<wired_transport>(ends{p, s, tap}, std::move(server));
}

}  // namespace turnstile::simulation
