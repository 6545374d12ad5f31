// A process that goes through a flow and kills itself at its k-th operation: before that is sent, when all that came before
// it has been executed; or after the servers have executed it, when its answer is here and nobody has seen it.
#include "client.hpp"
#include "crash_flow.hpp"

#include <turnstile/blocking.hpp>

#include <csignal>
#include <iostream>
#include <memory>
#include <mutex>

namespace {

using namespace turnstile;
using namespace turnstile::test::crash;
using namespace std::chrono_literals;

struct end {
    std::size_t at = 0;
    bool after = false;
    ledger steps;

    void come(const operation& o) const
    {
        steps.append("died " + std::string{after ? "after " : "before "} + std::string{verb_of(o)} + " " +
                     std::string{path_of(o)});
        ::raise(SIGKILL);
    }
};

/// A sign of life comes when its time has come, not by the flow.
bool is_heartbeat(const operation& o)
{
    return std::holds_alternative<op::set>(o) && path_of(o).find("/members/") != std::string_view::npos;
}

class dying_client final : public detail::client {
public:
    dying_client(std::shared_ptr<detail::client> inner, std::shared_ptr<const end> e)
        : inner_{std::move(inner)}, end_{std::move(e)}, told_{std::make_shared<state>()}
    {
    }

    error_code submit(const operation& o, detail::completion done) override
    {
        std::unique_lock lock{told_->mutex};
        if (told_->dying)
            return {};
        const auto number = is_heartbeat(o) ? 0 : ++told_->passed;
        if (number == end_->at && !end_->after) {
            told_->dying.emplace(o);
            if (told_->outstanding == 0)
                end_->come(o);
            return {};
        }
        ++told_->outstanding;
        lock.unlock();
        return inner_->submit(
            o, [told = told_, e = end_, number, o = operation{o}, done = std::move(done)](outcome result) mutable {
                std::unique_lock answering{told->mutex};
                if (number == e->at && e->after)
                    e->come(o);
                if (--told->outstanding == 0 && told->dying)
                    e->come(*told->dying);
                answering.unlock();
                done(std::move(result));
            });
    }

    void close(bool end_session, detail::unique_function<void()> closed) override
    {
        inner_->close(end_session, std::move(closed));
    }

private:
    struct state {
        std::mutex mutex;
        std::size_t passed = 0;
        std::size_t outstanding = 0;
        std::optional<operation> dying;
    };

    const std::shared_ptr<detail::client> inner_;
    const std::shared_ptr<const end> end_;
    const std::shared_ptr<state> told_;
};

class dying_transport final : public detail::transport {
public:
    explicit dying_transport(std::shared_ptr<const end> e) : end_{std::move(e)} {}

    std::shared_ptr<detail::client> open(detail::client_settings settings,
                                         std::shared_ptr<detail::client_events> events) override
    {
        return std::make_shared<dying_client>(inner_->open(std::move(settings), std::move(events)), end_);
    }

private:
    const std::shared_ptr<detail::transport> inner_ = detail::c_transport();
    const std::shared_ptr<const end> end_;
};

void once(const blocking::session& s, const std::string& base, const ledger& effects, const ledger& steps)
{
    const auto gate = s.wait(once_gate::open(s, {checkout::definition()}, once_in(base)));
    steps.append("opened");
    auto mine = std::get<admitted>(s.wait(gate.enter(checkout::key(7), print)));
    steps.append("entered");
    s.wait(mine.declare(intent));
    steps.append("declared");
    effects.append(intent);
    steps.append("ending");
    s.wait(mine.commit("order 42"));
    steps.append("ended");
}

void in_a_lane(const blocking::session& s, const std::string& base, const ledger& effects, const ledger& steps)
{
    const auto desk = s.wait(lane::open(s, {order::definition()}, lane_in(base)));
    steps.append("opened");
    auto ours = std::get<turn>(s.wait(desk.enter(order::key(42), {"capture", 10s})));
    steps.append("entered");
    s.wait(ours.declare(intent));
    steps.append("declared");
    ours.check();
    effects.append(intent);
    steps.append("ending");
    s.wait(ours.leave());
    steps.append("ended");
}

void of_a_message(const blocking::session& s, const std::string& base, const ledger& effects, const ledger& steps,
                  const message& m)
{
    const auto gate = s.wait(message_gate::open(s, "payments-in", messages_in(base)));
    steps.append("opened");
    auto mine = std::get<delivery>(s.wait(gate.begin(m)));
    steps.append("entered");
    effects.append(intent);
    steps.append("ending");
    s.wait(mine.done());
    steps.append("ended");
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 8) {
        std::cerr << "usage: crash_child SERVERS once|lane|message BASE FILES SENT_AT K before|after\n";
        return 2;
    }
    const std::string flow{argv[2]};
    const std::string files{argv[4]};
    const ledger steps{files + ".steps"};
    const ledger effects{files + ".effects"};
    session_options o{argv[1]};
    o.session_timeout = 2s;
    o.transport = std::make_shared<dying_transport>(
        std::make_shared<end>(end{std::stoul(argv[6]), std::string{argv[7]} == "after", steps}));
    try {
        const blocking::session s{o};
        if (flow == "once")
            once(s, argv[3], effects, steps);
        else if (flow == "lane")
            in_a_lane(s, argv[3], effects, steps);
        else
            of_a_message(s, argv[3], effects, steps, the_message(std::stol(argv[5])));
        ::_exit(0);  // the point lies behind the flow; and what a session does at its end is not of it
    } catch (const std::exception& e) {
        std::cerr << "crash_child: " << e.what() << "\n";
        ::_exit(1);
    }
}
