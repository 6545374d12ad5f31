#include "local_verbs.hpp"

#include "line_verbs.hpp"
#include "waiting_line.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

using boost::asio::awaitable;

namespace {

/// In the queue, until it is dropped: by the end of the call, or of its coroutine.
class membership {
public:
    membership(std::shared_ptr<local_line> line, std::shared_ptr<local_line::caller> who)
        : line_{std::move(line)}, who_{std::move(who)}
    {
        line_->join(who_);
    }
    membership(const membership&) = delete;
    membership& operator=(const membership&) = delete;
    ~membership() { line_->leave(who_); }

private:
    const std::shared_ptr<local_line> line_;
    const std::shared_ptr<local_line::caller> who_;
};

/// A try that ends without a lease is a refusal, however it ends.
class attempt {
public:
    attempt(std::shared_ptr<local_line> line, std::uint64_t turn) : line_{std::move(line)}, turn_{turn} {}
    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;
    ~attempt()
    {
        if (!granted_)
            line_->refused();
    }

    lease granted(lease l, const std::shared_ptr<void>& present)
    {
        granted_ = true;
        return line_->tried(turn_, std::move(l), present);
    }

private:
    const std::shared_ptr<local_line> line_;
    const std::uint64_t turn_;
    bool granted_ = false;
};

error_code as_answer(error_code ec, const session& s)
{
    if (ec != errc::deadline_exceeded)
        return ec;
    return s.state() == connection_state::connected ? errc::timed_out : errc::not_connected;
}

awaitable<lease> wait_in(std::shared_ptr<local_line> line, const char* verb, std::shared_ptr<void> present,
                         std::string purpose, deadline until)
{
    while (true) {
        if (auto kept = line->take_kept(present))
            co_return std::move(*kept);
        const auto who = std::make_shared<local_line::caller>(present, purpose);
        const membership queued{line, who};
        auto arrived = co_await who->turn.wait(until);
        if (arrived.first)
            throw error{as_answer(arrived.first, line->get_session()), verb, line->path()};
        if (arrived.second.held())
            co_return std::move(arrived.second);
        // It was lost on its way to us: our executor was busy for longer than a session lives.
    }
}

awaitable<std::optional<lease>> try_in(std::shared_ptr<local_line> line, line_ptr request, std::shared_ptr<void> present)
{
    if (auto kept = line->take_kept(present))
        co_return std::move(*kept);
    const auto turn = line->begin_try();
    if (!turn)
        co_return std::nullopt;
    attempt trying{line, *turn};
    const bool room = co_await has_room(request);
    if (!room)
        co_return std::nullopt;
    auto granted = co_await take_turn_if_free(request, line->mark_of(*turn));
    if (!granted)
        co_return std::nullopt;
    co_return trying.granted(std::move(*granted), present);
}

}  // namespace

awaitable<lease> acquire_locally(std::shared_ptr<local_line> line, const char* verb, acquire_options how)
{
    check_purpose(line->path(), verb, how);
    auto present = enter(line->get_session(), line->path(), verb, how);
    return wait_in(std::move(line), verb, std::move(present), std::move(how.purpose), how.until);
}

awaitable<std::optional<lease>> try_acquire_locally(std::shared_ptr<local_line> line, const char* verb, acquire_options how)
{
    auto request = std::make_shared<line_request>(request_for(line->get_session(), line->path(), verb, how));
    auto present = enter(*request, how);
    return try_in(std::move(line), std::move(request), std::move(present));
}

awaitable<std::optional<lease>> try_acquire_locally_until(std::shared_ptr<local_line> line, const char* verb,
                                                          acquire_options how)
{
    if (how.until.passed()) {
        how.until = deadline{line->get_session().options().operation_timeout};
        return try_acquire_locally(std::move(line), verb, std::move(how));
    }
    return unless_timed_out(acquire_locally(std::move(line), verb, std::move(how)));
}

}  // namespace turnstile::inline v0::detail
