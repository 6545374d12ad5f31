#include "resource.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <signal.h>
#include <sys/socket.h>

#include <exception>
#include <utility>

namespace turnstile::chaos {

namespace asio = boost::asio;
using local = asio::local::stream_protocol;

namespace {

pid_t process_behind(local::socket& peer)
{
    ucred who{};
    socklen_t size = sizeof who;
    return ::getsockopt(peer.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.pid : 0;
}

}  // namespace

resource::resource(const std::filesystem::path& socket, testing::history_recorder& log)
    : socket_{socket}, log_{log}, acceptor_{context_, local::endpoint{socket.string()}}
{
    asio::co_spawn(context_, listen(), asio::detached);
    thread_ = std::thread{[this] { context_.run(); }};
}

resource::~resource()
{
    context_.stop();
    thread_.join();
    std::error_code ignored;
    std::filesystem::remove(socket_, ignored);
}

asio::awaitable<void> resource::listen()
{
    for (;;) {
        auto peer = co_await acceptor_.async_accept(asio::use_awaitable);
        // A peer that is killed ends its connection, and nothing else.
        asio::co_spawn(context_, serve(std::move(peer)), asio::detached);
    }
}

asio::awaitable<void> resource::serve(local::socket peer)
{
    const auto writer = process_behind(peer);
    std::string received;
    for (;;) {
        const auto size = co_await asio::async_read_until(peer, asio::dynamic_buffer(received), '\n', asio::use_awaitable);
        const bool accepted = apply(testing::parse_event(std::string_view{received}.substr(0, size - 1)), writer);
        received.erase(0, size);
        const char answer = accepted ? '1' : '0';
        co_await asio::async_write(peer, asio::buffer(&answer, 1), asio::use_awaitable);
    }
}

bool resource::apply(testing::history_event effect, pid_t writer)
{
    auto& newest = newest_[effect.key];
    const bool reads = effect.kind == testing::holding_kind::reader;
    const bool counted = effect.kind == testing::holding_kind::permits;
    effect.accepted = counted || effect.token >= (reads ? newest.of_writers : newest.of_all);
    if (effect.token > newest.of_all)
        ++holdings_;
    newest.of_all = std::max(newest.of_all, effect.token);
    if (!reads)
        newest.of_writers = std::max(newest.of_writers, effect.token);
    effect.monotonic = effect.boot = std::chrono::nanoseconds{0};
    log_.append(effect);
    ++effects_;
    strike_if_wanted(effect, writer);
    return effect.accepted;
}

void resource::strike_if_wanted(const testing::history_event& effect, pid_t writer)
{
    const std::lock_guard lock{mutex_};
    if (!wanted_ || wanted_->key != effect.key || !wanted_->may_be_struck(effect.process))
        return;
    if (effect.zombie || !effect.accepted || writer <= 0)
        return;
    ::kill(writer, wanted_->signal);
    wanted_->struck.set_value(effect.process);
    wanted_.reset();
}

std::optional<std::string> resource::strike_next_writer(const std::string& key, int signal,
                                                        std::chrono::milliseconds patience, whom may_be_struck)
{
    auto wanted = std::make_shared<strike>();
    wanted->key = key;
    wanted->may_be_struck = std::move(may_be_struck);
    wanted->signal = signal;
    auto struck = wanted->struck.get_future();
    {
        const std::lock_guard lock{mutex_};
        wanted_ = wanted;
    }
    struck.wait_for(patience);
    const std::lock_guard lock{mutex_};
    wanted_.reset();
    if (struck.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
        return std::nullopt;
    return struck.get();
}

}  // namespace turnstile::chaos
