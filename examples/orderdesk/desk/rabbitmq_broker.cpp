#include "rabbitmq_broker.hpp"

#include <stdexcept>

#ifdef ORDERDESK_RABBITMQ

#include "delivery_book.hpp"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#endif

namespace orderdesk {

namespace {

constexpr std::string_view scheme = "rabbitmq:";

}  // namespace

std::string rabbitmq_address(port_number port, const std::string& queue)
{
    return std::string{scheme} + std::to_string(port) + "/" + queue;
}

#ifdef ORDERDESK_RABBITMQ

namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr amqp_channel_t channel = 1;
constexpr std::uint8_t persistent = 2;
constexpr auto patience = 10s;
constexpr auto moment = 1ms;  // a prefetch comes as several frames, one just behind the other

timeval as_timeval(std::chrono::microseconds t)
{
    timeval v{};
    v.tv_sec = t.count() / 1'000'000;
    v.tv_usec = t.count() % 1'000'000;
    return v;
}

amqp_bytes_t as_bytes(std::string_view text)
{
    // The library reads it only.
    return {text.size(), const_cast<char*>(text.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

std::string as_string(const amqp_bytes_t& b) { return {static_cast<const char*>(b.bytes), b.len}; }

void expect(int status, const std::string& what)
{
    if (status < 0)
        throw std::runtime_error{"RabbitMQ, " + what + ": " + amqp_error_string2(status)};
}

/// What the broker says when it closes a channel or a connection.
std::string refusal(const amqp_method_t& method)
{
    if (method.id == AMQP_CONNECTION_CLOSE_METHOD)
        return as_string(static_cast<const amqp_connection_close_t*>(method.decoded)->reply_text);
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD)
        return as_string(static_cast<const amqp_channel_close_t*>(method.decoded)->reply_text);
    return "an answer that nobody expected";
}

void expect(const amqp_rpc_reply_t& reply, const std::string& what)
{
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION)
        throw std::runtime_error{"RabbitMQ, " + what + ": " + refusal(reply.reply)};
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        throw std::runtime_error{"RabbitMQ, " + what + ": " + amqp_error_string2(reply.library_error)};
}

class connection {
public:
    explicit connection(port_number port) : state_{amqp_new_connection()}
    {
        auto* socket = amqp_tcp_socket_new(state_.get());
        const auto limit = as_timeval(patience);
        if (socket == nullptr)
            throw std::bad_alloc{};
        expect(amqp_socket_open_noblock(socket, "127.0.0.1", port, &limit), "connecting");
        expect(amqp_set_rpc_timeout(state_.get(), &limit), "setting a limit");
        expect(amqp_login(state_.get(), "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"),
               "logging in");
        amqp_channel_open(state_.get(), channel);
        expect_reply("opening a channel");
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    /// In good order: what was acknowledged last has arrived when it is over.
    ~connection() { amqp_connection_close(state_.get(), AMQP_REPLY_SUCCESS); }

    amqp_connection_state_t get() const { return state_.get(); }
    void expect_reply(const std::string& what) const { expect(amqp_get_rpc_reply(state_.get()), what); }

private:
    struct destroy {
        void operator()(amqp_connection_state_t s) const { amqp_destroy_connection(s); }
    };
    std::unique_ptr<amqp_connection_state_t_, destroy> state_;
};

class rabbitmq_broker final : public broker {
public:
    rabbitmq_broker(port_number port, std::string queue, const std::filesystem::path& book)
        : queue_{std::move(queue)}, book_{book}, rabbit_{port}
    {
        declare();
    }

    void send(const letter& l) override
    {
        if (!confirms_) {
            amqp_confirm_select(rabbit_.get(), channel);
            rabbit_.expect_reply("asking for confirmations");
            confirms_ = true;
        }
        const auto copy = std::to_string(book_.enter(l));
        amqp_basic_properties_t about{};
        about._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG |
                       AMQP_BASIC_TIMESTAMP_FLAG;
        about.delivery_mode = persistent;
        about.message_id = as_bytes(l.id);
        about.correlation_id = as_bytes(copy);
        about.timestamp = static_cast<std::uint64_t>(l.sent_us / 1'000'000);  // AMQP's are of seconds
        expect(
            amqp_basic_publish(rabbit_.get(), channel, amqp_empty_bytes, as_bytes(queue_), 1, 0, &about, as_bytes(l.body)),
            "sending");
        wait_for_the_confirmation();
    }

    std::vector<delivered_letter> receive(int at_most) override
    {
        consume(at_most);
        return_what_is_due();
        std::vector<delivered_letter> letters;
        auto l = next(0us);
        for (; l; l = next(moment)) {
            letters.push_back(std::move(*l));
            if (static_cast<int>(letters.size()) == at_most)
                break;
        }
        return letters;
    }

    /// Noted first, then done: if we die in between, it is delivered again, and noted as that.
    void acknowledge(std::int64_t tag) override
    {
        if (const auto delivery = leaves_our_hands(tag)) {
            book_.done(tag);
            expect(amqp_basic_ack(rabbit_.get(), channel, *delivery, 0), "acknowledging");
        }
    }

    /// We keep it for the while, as RabbitMQ knows no "later", and it counts as one of the prefetch. If we die, it comes
    /// sooner.
    void give_back(std::int64_t tag, std::chrono::milliseconds after) override
    {
        if (const auto delivery = leaves_our_hands(tag))
            kept_.emplace(steady::now() + after, *delivery);
    }

    /// RabbitMQ says what is ready, and not what is in somebody's hands; of that the book knows.
    int unacknowledged() override { return std::max(book_.unfinished(), declare()); }

private:
    /// How many are ready.
    int declare()
    {
        amqp_maybe_release_buffers(rabbit_.get());
        const auto* there = amqp_queue_declare(rabbit_.get(), channel, as_bytes(queue_), 0, 1, 0, 0, amqp_empty_table);
        rabbit_.expect_reply("declaring the queue");
        return there == nullptr ? 0 : static_cast<int>(there->message_count);
    }

    void consume(int prefetch)
    {
        if (consumes_)
            return;
        amqp_basic_qos(rabbit_.get(), channel, 0, static_cast<std::uint16_t>(prefetch), 0);
        rabbit_.expect_reply("setting the prefetch");
        amqp_basic_consume(rabbit_.get(), channel, as_bytes(queue_), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
        rabbit_.expect_reply("beginning to consume");
        consumes_ = true;
    }

    std::optional<delivered_letter> next(std::chrono::microseconds within)
    {
        amqp_maybe_release_buffers(rabbit_.get());
        const auto limit = as_timeval(within);
        amqp_envelope_t came{};
        const auto reply = amqp_consume_message(rabbit_.get(), &came, &limit, 0);
        if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
            return std::nullopt;
        expect(reply, "receiving");
        const auto& about = came.message.properties;
        delivered_letter l;
        l.tag = std::stoll(as_string(about.correlation_id));
        l.what = {as_string(about.message_id), as_string(came.message.body),
                  static_cast<std::int64_t>(about.timestamp) * 1'000'000};
        in_hand_[l.tag] = came.delivery_tag;
        amqp_destroy_envelope(&came);
        l.times = book_.delivered(l.tag);
        return l;
    }

    void return_what_is_due()
    {
        for (const auto now = steady::now(); !kept_.empty() && kept_.begin()->first <= now; kept_.erase(kept_.begin()))
            expect(amqp_basic_nack(rabbit_.get(), channel, kept_.begin()->second, 0, 1), "giving back");
    }

    std::optional<std::uint64_t> leaves_our_hands(std::int64_t tag)
    {
        const auto node = in_hand_.extract(tag);
        return node.empty() ? std::nullopt : std::optional{node.mapped()};
    }

    void wait_for_the_confirmation()
    {
        amqp_maybe_release_buffers(rabbit_.get());
        const auto limit = as_timeval(patience);
        amqp_frame_t frame{};
        expect(amqp_simple_wait_frame_noblock(rabbit_.get(), &frame, &limit), "waiting for the confirmation");
        if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            throw std::runtime_error{"RabbitMQ did not confirm a message: " + refusal(frame.payload.method)};
    }

    std::string queue_;
    delivery_book book_;
    connection rabbit_;
    bool confirms_ = false;
    bool consumes_ = false;
    std::map<std::int64_t, std::uint64_t> in_hand_;          // tag: RabbitMQ's number of the delivery
    std::multimap<steady::time_point, std::uint64_t> kept_;  // given back, and not yet due
};

}  // namespace

std::string rabbitmq_library_missing() { return {}; }

std::unique_ptr<broker> open_rabbitmq(const std::string& address, const std::filesystem::path& book)
{
    const auto slash = address.find('/');
    if (!address.starts_with(scheme) || slash == std::string::npos)
        throw std::runtime_error{"no address of a broker: " + address};
    const auto port = std::stoi(address.substr(scheme.size(), slash - scheme.size()));
    return std::make_unique<rabbitmq_broker>(static_cast<port_number>(port), address.substr(slash + 1), book);
}

#else

std::string rabbitmq_library_missing()
{
    return "the order desk was built without librabbitmq; on Debian: apt-get install librabbitmq-dev, and build it again";
}

std::unique_ptr<broker> open_rabbitmq(const std::string&, const std::filesystem::path&)
{
    throw std::runtime_error{rabbitmq_library_missing()};
}

#endif

}  // namespace orderdesk
