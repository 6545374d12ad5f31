#include <turnstile/testing/proxy.hpp>

#include "loop_thread.hpp"
#include "relay.hpp"

#include <boost/asio/ip/address.hpp>

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>

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
    explicit impl(const std::string& target) : relay_{thread_.loop(), endpoint_of(target)}
    {
        relay_.rules().cut_happened = [this] {
            const std::lock_guard lock{mutex_};
            ++cuts_unreported_;
            cut_.notify_all();
        };
        thread_.start();
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    template <class Function>
    auto on_loop(Function function)
    {
        return thread_.run([this, f = std::move(function)] { return f(relay_); });
    }

    ~impl()
    {
        on_loop([](relay& r) { r.refuse(); });
        thread_.finish();
    }

    bool wait_for_cut(std::chrono::milliseconds patience)
    {
        std::unique_lock lock{mutex_};
        if (!cut_.wait_for(lock, patience, [this] { return cuts_unreported_ > 0; }))
            return false;
        --cuts_unreported_;
        return true;
    }

    std::uint16_t port() const noexcept { return relay_.port(); }

private:
    std::mutex mutex_;
    std::condition_variable cut_;
    std::size_t cuts_unreported_ = 0;  // guarded by mutex_

    loop_thread thread_;
    relay relay_;  // touched on the loop only
};

proxy::proxy(const std::string& target) : impl_{std::make_unique<impl>(target)} {}

proxy::~proxy() = default;

std::string proxy::connect_string() const { return "127.0.0.1:" + std::to_string(port()); }

std::uint16_t proxy::port() const noexcept { return impl_->port(); }

void proxy::cut()
{
    impl_->on_loop([](relay& r) { r.cut(); });
}

void proxy::refuse()
{
    impl_->on_loop([](relay& r) { r.refuse(); });
}

void proxy::accept()
{
    impl_->on_loop([](relay& r) { r.accept(); });
}

void proxy::stall()
{
    impl_->on_loop([](relay& r) { r.stall(true, true); });
}

void proxy::stall_replies()
{
    impl_->on_loop([](relay& r) { r.stall(false, true); });
}

void proxy::resume()
{
    impl_->on_loop([](relay& r) { r.stall(false, false); });
}

void proxy::delay(std::chrono::milliseconds each_way)
{
    impl_->on_loop([each_way](relay& r) { r.rules().delay = each_way; });
}

void proxy::cut_before_reply(proxy_opcode which, int nth)
{
    impl_->on_loop([which, nth](relay& r) { r.rules().cuts.arm(armed_cuts::moment::reply_arrives, which, nth); });
}

void proxy::cut_before_request(proxy_opcode which, int nth)
{
    impl_->on_loop([which, nth](relay& r) { r.rules().cuts.arm(armed_cuts::moment::request_arrives, which, nth); });
}

void proxy::disarm()
{
    impl_->on_loop([](relay& r) { r.rules().cuts.disarm(); });
}

bool proxy::wait_for_cut(std::chrono::milliseconds patience) { return impl_->wait_for_cut(patience); }

std::size_t proxy::connections() const
{
    return impl_->on_loop([](relay& r) { return r.present().size(); });
}

proxy_counters proxy::counters() const
{
    return impl_->on_loop([](relay& r) { return r.rules().counters; });
}

}  // namespace turnstile::inline v0::testing
