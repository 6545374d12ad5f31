#include "activity.hpp"
#include "acts.hpp"
#include "court.hpp"
#include "desk/database.hpp"
#include "desk/order_book.hpp"
#include "interrupt.hpp"
#include "pictures.hpp"

#include <turnstile/testing/ensemble.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;
using turnstile::testing::member_role;

constexpr auto tick = 200ms;  // sessions of up to 4 s
constexpr std::chrono::milliseconds session_timeout = 4s;
constexpr auto between = 700ms;  // while all is well
constexpr auto outage = 1500ms;  // for which a server stays away
constexpr auto patience = 120s;
constexpr auto rest = "120";  // milliseconds between two bursts of an order
constexpr int orders = 500;   // more than are needed: the buyers go on until the faults are over
constexpr int requests = 10'000;
constexpr auto enough = "enough";  // a file: no more orders
constexpr int faults = 6;

turnstile::testing::ensemble_options three_servers()
{
    turnstile::testing::ensemble_options o;
    o.member.tick = tick;
    return o;
}

int answered(database& buyers)
{
    auto counting = buyers.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'answers'");
    counting.step();
    if (counting.integer("n") == 0)
        return 0;
    auto answers = buyers.prepare("SELECT count(*) AS n FROM answers");
    answers.step();
    return static_cast<int>(answers.integer("n"));
}

std::int64_t number(database& db, std::string_view sql)
{
    auto asking = db.prepare(sql);
    return asking.step() ? asking.integer("n") : 0;
}

/// Shows how far the race is while the main thread is busy with the servers.
class reporter {
public:
    reporter(const stage& st, terminal& out)
        : thread_{[this, file = (st.dir() / "buyers.db").string(), &out](const std::stop_token& stop) {
              database book{file};
              const auto began = std::chrono::steady_clock::now();
              const auto tell = [&] {
                  answered_ = answered(book);
                  out.progress(
                      "faults, " + thousands(answered_) + " requests answered" + now(), over_, faults,
                      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began));
              };
              for (; !stop.stop_requested(); std::this_thread::sleep_for(100ms))
                  tell();
              tell();
              out.progress_ends();
          }}
    {
    }

    void say(const std::string& what)
    {
        const std::lock_guard alone{guard_};
        now_ = what;
    }

    void one_is_over() { ++over_; }
    int answered_so_far() const { return answered_; }

private:
    std::string now()
    {
        const std::lock_guard alone{guard_};
        return now_.empty() ? std::string{} : " (" + now_ + ")";
    }

    std::mutex guard_;
    std::string now_;  // guarded by guard_
    std::atomic<int> answered_{0};
    std::atomic<int> over_{0};
    std::jthread thread_;  // last: ends first
};

class mischief {
public:
    mischief(turnstile::testing::ensemble& servers, stage& st, reporter& tell) : servers_{servers}, st_{st}, tell_{tell} {}

    void kill_the_leader()
    {
        std::size_t victim = 0;
        during("the leader is killed (kill -9)", [&] {
            victim = servers_.kill_leader();
            servers_.wait_for_leader();
        });
        pause(outage);
        during("it is started again", [&] { servers_.start(victim); });
    }

    void stop_one()
    {
        const auto victim = follower();
        during("a follower is stopped, and started again", [&] {
            servers_.stop(victim);
            pause(outage);
            servers_.start(victim);
            servers_.wait_until_serving(victim);
        });
    }

    /// The leader last.
    void restart_all()
    {
        const auto leader = servers_.wait_for_leader();
        for (std::size_t m = 0; m < servers_.size(); ++m)
            if (m != leader)
                restart(m, "a follower is restarted");
        restart(leader, "the leader is restarted");
    }

private:
    void restart(std::size_t member, const std::string& what)
    {
        during(what, [&] {
            servers_.restart(member);
            servers_.wait_until_serving(member);
            servers_.wait_for_leader();
        });
    }

    std::size_t follower() const
    {
        for (std::size_t m = 0; m < servers_.size(); ++m)
            if (servers_.role(m) == member_role::follower)
                return m;
        return 0;
    }

    template <class F>
    void during(const std::string& what, F f)
    {
        pause(between);
        tell_.say(what);
        const auto since = now_us();
        f();
        st_.log().tell_of("zookeeper", event::fault, 0, {}, {{"since", since}, {"what", what}});
        tell_.say({});
        tell_.one_is_over();
        pause(0ms);
    }

    turnstile::testing::ensemble& servers_;
    stage& st_;
    reporter& tell_;
};

}  // namespace

faults_result faults_act(const settings& asked, terminal& out)
{
    settings s = asked;
    s.orders = orders;
    s.requests = requests;
    turnstile::testing::ensemble servers{three_servers()};
    const ensemble zookeeper{servers.connect_string()};
    stage st{zookeeper, *s.databases, s.dir / "faults"};
    open_orders(st.orders(), "lane", s.orders, s.seed);
    auto& buyers = start_the_race(st, s, "lane", session_timeout, {"--rest", rest, "--until", (st.dir() / enough).string()});
    const auto began = now_us();
    const auto until = std::chrono::steady_clock::now() + patience;
    {
        reporter tell{st, out};
        mischief does{servers, st, tell};
        wait_until("the race is under way", [&] { return tell.answered_so_far() > 50; });
        does.kill_the_leader();
        does.stop_one();
        does.restart_all();
        std::ofstream{st.dir() / enough}.flush();
        while (buyers.running()) {
            pause(20ms);
            if (std::chrono::steady_clock::now() > until)
                throw std::runtime_error{"the buyers are not done after " + seconds(patience)};
        }
    }
    if (buyers.exit_code() != 0)
        st.expect_alive(buyers);

    faults_result r;
    r.took = std::chrono::microseconds{now_us() - began};
    r.judged = hold_court(st);
    database notes{(st.dir() / "buyers.db").string()};
    r.longest = std::chrono::microseconds{number(notes, "SELECT max(took_us) AS n FROM answers")};
    r.again = number(notes, "SELECT sum(tries - 1) AS n FROM answers");
    const auto unserved = number(notes, "SELECT count(*) AS n FROM answers WHERE outcome IN ('come again', 'unknown')");

    auto picture = activity_of(st.dir());
    picture.title = "Faults of the ensemble, and the race goes on";
    picture.subtitle =
        "Turns that payments and price edits have taken, on three ZooKeeper servers: " + thousands(r.judged.anomalies) +
        " anomalies, and nobody was served before somebody who had come earlier.";
    r.picture = save_picture(to_svg(picture), s.pictures / "faults.svg");

    const bool clean = r.judged.anomalies == 0 && r.judged.paid > 0 && r.judged.edits > 0;
    out.verdict(clean, thousands(r.judged.answers) + " requests, " + thousands(r.judged.paid) + " orders paid, " +
                           thousands(r.judged.edits) + " price edits; judge: " + in_words(r.judged));
    out.verdict(unserved == 0, "the longest wait for an answer: " + seconds(r.longest) + "; " + thousands(r.again) +
                                   " times somebody was told to come again, and " + thousands(unserved) + " gave up");
    r.good = clean;
    return r;
}

}  // namespace orderdesk
