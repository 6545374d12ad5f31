// notifyd tells buyers what has become of their orders: takes messages from the broker, and "sends" an e-mail for each.
//
// What keeps it from sending one twice is chosen by --setting:
//
//   none   nothing
//   gate   turnstile::message_gate: begin, effect, done. A crash between effect and done leaves a window
//   inbox  the message's id in the effect's own transaction
//   both   the gate keeps doubles away from the database, and the inbox closes the window
#include "desk/broker.hpp"
#include "desk/outbox.hpp"
#include "service.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/error.hpp>
#include <turnstile/recipes/message_gate.hpp>

#include <sys/types.h>
#include <unistd.h>
#include <csignal>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace orderdesk;
using namespace std::chrono_literals;

struct consumer_options {
    std::string setting = "both";
    std::string servers;
    std::string root = "/orderdesk";
    int session_timeout_ms = 1000;
    int prefetch = 4;
    std::string broker = "table";
    int invisible_ms = 600;
    int die_at = 0;

    bool has_gate() const { return setting == "gate" || setting == "both"; }
    bool has_inbox() const { return setting == "inbox" || setting == "both"; }
};

constexpr auto idle = 10ms;
constexpr auto patience = 5s;
constexpr auto after_a_fault = 50ms;

/// kill -9, at one of the places where it could hit: the n-th that is passed. 0: never.
class fate {
public:
    explicit fate(int die_at) : left_{die_at} {}

    void pass()
    {
        if (left_ > 0 && --left_ == 0)
            ::kill(::getpid(), SIGKILL);
    }

private:
    int left_;
};

/// A digest of the body: the same id with another one is not the same message. (FNV-1a; use a cryptographic one where
/// somebody may gain by a collision.)
std::string digest_of(const std::string& body)
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : body)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return std::to_string(hash);
}

turnstile::message as_message(const letter& l)
{
    return {l.id, std::chrono::system_clock::time_point{std::chrono::microseconds{l.sent_us}}, digest_of(l.body)};
}

class consumer {
public:
    consumer(const service_options& service, const consumer_options& how)
        : name_{service.name},
          how_{how},
          queue_{open_broker(how.broker, service.file("broker.db"), std::chrono::milliseconds{how.invisible_ms})},
          mails_{service.file("outbox.db")},
          fate_{how.die_at}
    {
        if (how.has_gate())
            connect();
    }

    ~consumer()
    {
        gate_.reset();
        if (session_)
            session_->close();
    }
    consumer(const consumer&) = delete;
    consumer& operator=(const consumer&) = delete;

    /// What has gone wrong is delivered again. False: nothing was there.
    bool try_to_work()
    {
        const auto letters = queue_->receive(how_.prefetch);
        fate_.pass();
        try {
            work(letters);
            return !letters.empty();
        } catch (const turnstile::error& e) {
            std::fprintf(stderr, "%s: %s\n", name_.c_str(), e.what());
            for (const auto& l : letters)
                queue_->give_back(l.tag, after_a_fault);
            return false;
        }
    }

private:
    void work(const std::vector<delivered_letter>& letters)
    {
        if (letters.empty())
            return;
        if (gate_)
            through_the_gate(letters);
        else
            for (const auto& l : letters) {
                take_effect(l.what);
                acknowledge(l);
            }
    }

    void connect()
    {
        turnstile::session_options options{how_.servers};
        options.root = how_.root;
        options.label = name_;
        options.session_timeout = std::chrono::milliseconds{how_.session_timeout_ms};
        session_.emplace(options);
        turnstile::message_options gate;
        gate.policy.shards = 4;
        gate.policy.max_attempts = 10;
        gate_.emplace(session_->wait(turnstile::message_gate::open(*session_, "notices", gate, 30s)));
    }

    /// The whole prefetch is claimed at once, and marked done at once.
    void through_the_gate(const std::vector<delivered_letter>& letters)
    {
        std::vector<turnstile::message> batch;
        for (const auto& l : letters)
            batch.push_back(as_message(l.what));
        auto entries = session_->wait(gate_->begin_many(std::move(batch), patience));
        fate_.pass();
        std::vector<turnstile::delivery> ours;
        std::vector<const delivered_letter*> ended;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (auto* mine = std::get_if<turnstile::delivery>(&entries[i])) {
                take_effect(letters[i].what);
                ours.push_back(std::move(*mine));
                ended.push_back(&letters[i]);
            } else if (const auto* later = std::get_if<turnstile::defer>(&entries[i])) {
                queue_->give_back(letters[i].tag, later->retry_after);
            } else if (std::holds_alternative<turnstile::skip_done>(entries[i])) {
                acknowledge(letters[i]);
            } else if (const auto* full = std::get_if<turnstile::overfull>(&entries[i])) {
                queue_->give_back(letters[i].tag, full->retry_after);
            } else {
                mails_.quarantine(letters[i].what, "answer " + std::to_string(entries[i].index()) + " of the gate");
                acknowledge(letters[i]);
            }
        }
        const auto marked = session_->wait(turnstile::message_gate::done_many(std::move(ours)));
        fate_.pass();
        for (std::size_t i = 0; i < ended.size(); ++i)
            if (marked[i])
                acknowledge(*ended[i]);
            else  // somebody else has the message now; the gate will say of this copy what came of it
                queue_->give_back(ended[i]->tag, after_a_fault);
    }

    void take_effect(const letter& l)
    {
        fate_.pass();
        if (how_.has_inbox())
            mails_.send_once(l, name_);
        else
            mails_.send(l, name_);
        fate_.pass();
    }

    void acknowledge(const delivered_letter& l)
    {
        queue_->acknowledge(l.tag);
        fate_.pass();
    }

    std::string name_;
    consumer_options how_;
    std::unique_ptr<broker> queue_;
    outbox mails_;
    fate fate_;
    std::optional<turnstile::blocking::session> session_;
    std::optional<turnstile::message_gate> gate_;
};

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"notifyd sends an e-mail for each message of the order desk", "notifyd"};
    service_options service;
    consumer_options how;
    add_service_options(app, service);
    app.add_option("--setting", how.setting, "none, gate, inbox or both")
        ->check(CLI::IsMember({"none", "gate", "inbox", "both"}));
    app.add_option("--zookeeper", how.servers, "host:port,host:port of the ensemble");
    app.add_option("--root", how.root, "Everything in ZooKeeper lies under this path")->capture_default_str();
    app.add_option("--session-timeout", how.session_timeout_ms, "Milliseconds until a dead consumer's messages are free")
        ->capture_default_str();
    app.add_option("--prefetch", how.prefetch, "Messages at a time")->capture_default_str()->check(CLI::Range(1, 500));
    app.add_option("--broker", how.broker, "table: the queue in DIR/broker.db; rabbitmq:PORT/QUEUE on 127.0.0.1")
        ->capture_default_str();
    app.add_option("--invisible", how.invisible_ms,
                   "Milliseconds until the table delivers an unacknowledged message again; RabbitMQ does when we are gone")
        ->capture_default_str();
    app.add_option("--die-at", how.die_at, "kill -9 for itself, at the n-th place where that could hit; 0: never");

    return program(argc, argv, app, [&] {
        hold_signals();
        consumer c{service, how};
        bool busy = false;
        while (!asked_to_stop(busy ? 0ms : idle))
            busy = c.try_to_work();
        return 0;
    });
}
