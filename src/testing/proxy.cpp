#include <turnstile/testing/proxy.hpp>

#include "free_port.hpp"
#include "proxied_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace turnstile::inline v0::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

tcp::endpoint endpoint_of(const std::string& target)
{
    const auto colon = target.rfind(':');
    const auto host = target.substr(0, colon);
    const auto digits = colon == target.npos ? std::string{} : target.substr(colon + 1);
    boost::system::error_code bad_address;
    const auto address = asio::ip::make_address(host, bad_address);
    std::uint16_t port = 0;
    const auto [end, bad_port] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (bad_address || bad_port != std::errc{} || end != digits.data() + digits.size())
        throw std::invalid_argument{"testing::proxy: \"" + target + "\" is not an address and a port, as 127.0.0.1:2181"};
    return {address, port};
}

}  // namespace

class proxy::impl {
public:
    explicit impl(const std::string& target) : server_{endpoint_of(target)}
    {
        rules_.cut_happened = [this] {
            const std::lock_guard lock{mutex_};
            ++cuts_unreported_;
            cut_.notify_all();
        };
        choose_port();
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    ~impl()
    {
        on_loop([this] {
            refuse();
            work_.reset();  // all that waits has been woken to end: so the loop does
        });
        thread_.join();
    }

    /// Runs it on the loop, where all state but the cuts' count lives, and waits: the loop itself never waits for anybody.
    template <class Function>
    auto on_loop(Function function) -> decltype(function())
    {
        std::packaged_task<decltype(function())()> task{std::move(function)};
        auto done = task.get_future();
        asio::post(loop_, std::move(task));
        return done.get();
    }

    // On the loop.
    void cut()
    {
        for (const auto& connection : present())
            connection->close();
    }

    void refuse()
    {
        boost::system::error_code ignored;
        listener_->close(ignored);
        cut();
    }

    void accept()
    {
        if (!listener_->is_open())
            listen();
    }

    void stall(bool up, bool down)
    {
        rules_.stalled_up = up;
        rules_.stalled_down = down;
        for (const auto& connection : present())
            connection->look_again();
    }

    std::vector<std::shared_ptr<proxied_connection>> present()
    {
        std::erase_if(connections_, [](const auto& c) { return c.expired() || !c.lock()->open(); });
        std::vector<std::shared_ptr<proxied_connection>> all;
        for (const auto& c : connections_)
            all.push_back(c.lock());
        return all;
    }

    traffic_rules& rules() noexcept { return rules_; }

    // Anywhere.
    bool wait_for_cut(std::chrono::milliseconds patience)
    {
        std::unique_lock lock{mutex_};
        if (!cut_.wait_for(lock, patience, [this] { return cuts_unreported_ > 0; }))
            return false;
        --cuts_unreported_;
        return true;
    }

    std::uint16_t port() const noexcept { return port_; }

private:
    /// Another process may be faster with a port that was free.
    void choose_port()
    {
        for (int tries = 1;; ++tries) {
            port_ = free_port();
            try {
                return listen();
            } catch (const boost::system::system_error&) {
                if (tries == 5)
                    throw;
            }
        }
    }

    /// A listener for each time: the loop of an old one cannot take it for its own.
    void listen()
    {
        listener_ = std::make_shared<tcp::acceptor>(loop_, tcp::endpoint{asio::ip::address_v4::loopback(), port_});
        asio::co_spawn(loop_, take_connections(listener_), asio::detached);
    }

    asio::awaitable<void> take_connections(std::shared_ptr<tcp::acceptor> listener)
    {
        for (;;) {
            auto [ec, client] = co_await listener->async_accept(asio::as_tuple(asio::use_awaitable));
            if (ec || !listener->is_open())
                co_return;
            auto connection = std::make_shared<proxied_connection>(std::move(client), rules_);
            connections_.push_back(connection);
            ++rules_.counters.connects;
            connection->run(server_);
        }
    }

    const tcp::endpoint server_;
    std::uint16_t port_ = 0;

    // Touched on the loop only.
    traffic_rules rules_;
    std::vector<std::weak_ptr<proxied_connection>> connections_;

    std::mutex mutex_;
    std::condition_variable cut_;
    std::size_t cuts_unreported_ = 0;  // guarded by mutex_

    asio::io_context loop_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
    std::shared_ptr<tcp::acceptor> listener_;
    std::thread thread_;
};

proxy::proxy(const std::string& target) : impl_{std::make_unique<impl>(target)} {}

proxy::~proxy() = default;

std::string proxy::connect_string() const { return "127.0.0.1:" + std::to_string(port()); }

std::uint16_t proxy::port() const noexcept { return impl_->port(); }

void proxy::cut()
{
    impl_->on_loop([this] { impl_->cut(); });
}

void proxy::refuse()
{
    impl_->on_loop([this] { impl_->refuse(); });
}

void proxy::accept()
{
    impl_->on_loop([this] { impl_->accept(); });
}

void proxy::stall()
{
    impl_->on_loop([this] { impl_->stall(true, true); });
}

void proxy::stall_replies()
{
    impl_->on_loop([this] { impl_->stall(false, true); });
}

void proxy::resume()
{
    impl_->on_loop([this] { impl_->stall(false, false); });
}

void proxy::delay(std::chrono::milliseconds each_way)
{
    impl_->on_loop([this, each_way] { impl_->rules().delay = each_way; });
}

void proxy::cut_before_reply(proxy_opcode which, int nth)
{
    impl_->on_loop([this, which, nth] { impl_->rules().cuts.arm(armed_cuts::moment::reply_arrives, which, nth); });
}

void proxy::cut_before_request(proxy_opcode which, int nth)
{
    impl_->on_loop([this, which, nth] { impl_->rules().cuts.arm(armed_cuts::moment::request_arrives, which, nth); });
}

void proxy::disarm()
{
    impl_->on_loop([this] { impl_->rules().cuts.disarm(); });
}

bool proxy::wait_for_cut(std::chrono::milliseconds patience) { return impl_->wait_for_cut(patience); }

std::size_t proxy::connections() const
{
    return impl_->on_loop([this] { return impl_->present().size(); });
}

proxy_counters proxy::counters() const
{
    return impl_->on_loop([this] { return impl_->rules().counters; });
}

}  // namespace turnstile::inline v0::testing
