// Messages: one consumer processes, redeliveries are skipped or deferred, attempts are counted, poison is put aside.
#include "recipe_room.hpp"

#include <turnstile/recipes/message_gate.hpp>

#include <optional>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

class message_gate_on : public recipe_on {
protected:
    static message_options small()
    {
        message_options o;
        o.policy.shards = 1;
        o.policy.max_attempts = 3;
        return o;
    }

    static message_gate open_gate(const session& s, message_options how = small())
    {
        return wait(message_gate::open(s, "payments-in", how));
    }

    static message one(const std::string& id, const std::string& digest = "d1")
    {
        static const auto sent = system_clock::now();
        return {id, sent, digest};
    }

    static message_entry begin(const message_gate& g, const message& m) { return wait(g.begin(m, patience)); }

    static delivery expect_delivery(message_entry e)
    {
        EXPECT_TRUE(std::holds_alternative<delivery>(e)) << e.index();
        return std::get<delivery>(std::move(e));
    }

    /// Somebody's end, or giving up, is on its way.
    static delivery expect_delivery_soon(const message_gate& g, const message& m)
    {
        std::optional<message_entry> e;
        EXPECT_TRUE(eventually([&] {
            e.emplace(begin(g, m));
            return !std::holds_alternative<defer>(*e);
        }));
        return expect_delivery(std::move(*e));
    }

    session s_ = open();
};

TEST_P(message_gate_on, OneProcessesAndTheOthersDeferAndThenSkip)
{
    const auto gate = open_gate(s_);
    const auto elsewhere = open_gate(open());
    auto mine = expect_delivery(begin(gate, one("m1")));
    EXPECT_EQ(mine.attempt(), 1U);
    EXPECT_EQ(mine.id(), "m1");
    for (const auto* g : {&gate, &elsewhere}) {
        const auto e = begin(*g, one("m1"));
        ASSERT_TRUE(std::holds_alternative<defer>(e)) << e.index();
        EXPECT_GT(std::get<defer>(e).retry_after, 0ms);
    }
    wait(mine.declare("charge"));
    wait(mine.done());
    EXPECT_TRUE(std::holds_alternative<skip_done>(begin(gate, one("m1"))));
    EXPECT_TRUE(std::holds_alternative<skip_done>(begin(elsewhere, one("m1"))));
}

TEST_P(message_gate_on, AttemptsAreCountedAcrossCrashesAndEndInQuarantine)
{
    const auto gate = open_gate(s_);
    {
        const auto doomed = open();
        auto first = expect_delivery(begin(open_gate(doomed), one("m1")));
        wait(first.declare("charge"));
        zk_->expire(doomed);
        EXPECT_EQ(error_of([&] {
                      auto second = expect_delivery_soon(gate, one("m1"));
                      EXPECT_EQ(second.attempt(), 2U);
                      EXPECT_EQ(second.predecessor_intent(), "charge");
                      wait(first.done());
                  }),
                  errc::lost);
    }
    {
        const auto third = expect_delivery_soon(gate, one("m1"));
        EXPECT_EQ(third.attempt(), 3U);
    }
    std::optional<message_entry> e;
    EXPECT_TRUE(eventually([&] {
        e.emplace(begin(gate, one("m1")));
        return std::holds_alternative<quarantine>(*e);
    }));
    EXPECT_EQ(std::get<quarantine>(*e).why, quarantine::reason::too_many_attempts);
    EXPECT_EQ(std::get<quarantine>(*e).attempts, 3U);
}

TEST_P(message_gate_on, TheSameIdWithAnotherBodyIsPutAside)
{
    const auto gate = open_gate(s_);
    auto mine = expect_delivery(begin(gate, one("m1")));
    const auto running = begin(gate, one("m1", "d2"));
    ASSERT_TRUE(std::holds_alternative<quarantine>(running));
    EXPECT_EQ(std::get<quarantine>(running).why, quarantine::reason::other_body);
    wait(mine.done());
    EXPECT_TRUE(std::holds_alternative<quarantine>(begin(gate, one("m1", "d2"))));
    EXPECT_TRUE(std::holds_alternative<skip_done>(begin(gate, one("m1"))));
}

TEST_P(message_gate_on, AConsumerMayRejectAMessageForGood)
{
    const auto gate = open_gate(s_);
    auto mine = expect_delivery(begin(gate, one("m1")));
    wait(mine.reject("no such order"));
    const auto e = begin(gate, one("m1"));
    ASSERT_TRUE(std::holds_alternative<quarantine>(e));
    EXPECT_EQ(std::get<quarantine>(e).why, quarantine::reason::rejected);
    EXPECT_EQ(std::get<quarantine>(e).detail, "no such order");
}

TEST_P(message_gate_on, TimesFromOutsideAreChecked)
{
    const auto gate = open_gate(s_);
    const auto now = system_clock::now();
    EXPECT_TRUE(std::holds_alternative<too_old>(begin(gate, {"m1", now - 25h, "d1"})));
    EXPECT_TRUE(std::holds_alternative<too_old>(begin(gate, {"m1", system_clock::time_point{}, "d1"})));
    const auto ahead = begin(gate, {"m1", now + 6min, "d1"});
    ASSERT_TRUE(std::holds_alternative<clock_skew>(ahead));
    EXPECT_GT(std::get<clock_skew>(ahead).ahead, 5min);
    EXPECT_TRUE(std::holds_alternative<delivery>(begin(gate, {"m1", now + 4min, "d1"})));
    EXPECT_TRUE(std::holds_alternative<delivery>(begin(gate, {"m2", now - 23h, "d1"})));
}

TEST_P(message_gate_on, APrefetchIsBegunAtOnce)
{
    const auto gate = open_gate(s_);
    std::vector<message> batch;
    for (int i = 0; i < 20; ++i)
        batch.push_back(one("m" + std::to_string(i)));
    auto first = wait(gate.begin_many(batch, patience));
    ASSERT_EQ(first.size(), 20U);
    std::vector<delivery> mine;
    std::int64_t fence = 0;
    for (auto& e : first) {
        mine.push_back(expect_delivery(std::move(e)));
        EXPECT_EQ(mine.back().id(), "m" + std::to_string(mine.size() - 1));
        fence = mine.back().fence();
    }
    EXPECT_GT(fence, 0);
    // Some of the next are known, one comes twice, one is too old.
    std::vector<message> mixed{one("m3"), one("new"), one("m4", "d2"), one("new"), {"old", system_clock::time_point{}, "d"}};
    mine.erase(mine.begin() + 10, mine.end());
    EXPECT_THAT(wait(message_gate::done_many(std::move(mine))), ::testing::Each(true));
    const auto second = wait(gate.begin_many(mixed, patience));
    EXPECT_TRUE(std::holds_alternative<skip_done>(second[0]));
    EXPECT_TRUE(std::holds_alternative<delivery>(second[1]));
    EXPECT_TRUE(std::holds_alternative<quarantine>(second[2]));
    EXPECT_TRUE(std::holds_alternative<defer>(second[3]));
    EXPECT_TRUE(std::holds_alternative<too_old>(second[4]));
    // Those that were dropped may be begun again.
    EXPECT_EQ(expect_delivery_soon(gate, one("m15")).attempt(), 2U);
}

TEST_P(message_gate_on, DoneManyTellsWhichWereTakenOver)
{
    const auto doomed = open();
    const auto gate = open_gate(s_);
    auto both = wait(open_gate(doomed).begin_many({one("m1"), one("m2")}, patience));
    std::vector<delivery> late;
    for (auto& e : both)
        late.push_back(expect_delivery(std::move(e)));
    zk_->expire(doomed);
    const auto taken = expect_delivery_soon(gate, one("m1"));
    EXPECT_THAT(wait(message_gate::done_many(std::move(late))), ::testing::ElementsAre(false, true));
    EXPECT_TRUE(std::holds_alternative<skip_done>(begin(gate, one("m2"))));
}

TEST_P(message_gate_on, RefusesBeforeTheServersDrown)
{
    auto how = small();
    how.policy.max_live = 3;
    const auto gate = open_gate(s_, how);
    std::vector<delivery> mine;
    for (int i = 0; i < 3; ++i)
        mine.push_back(expect_delivery(begin(gate, one("m" + std::to_string(i)))));
    EXPECT_TRUE(std::holds_alternative<overfull>(begin(gate, one("m3"))));
    const auto elsewhere = open_gate(open(), how);
    const auto e = begin(elsewhere, one("m3"));
    ASSERT_TRUE(std::holds_alternative<overfull>(e)) << "another consumer counts them as well";
    EXPECT_GT(std::get<overfull>(e).retry_after, 0ms);
}

TEST_P(message_gate_on, ConsumersMustAgreeOnThePolicy)
{
    const auto gate = open_gate(s_);
    auto other = small();
    other.policy.max_attempts = 4;
    EXPECT_EQ(error_of([&] { open_gate(s_, other); }), errc::kind_mismatch);
}

INSTANTIATE_TEST_SUITE_P(memory, message_gate_on, ::testing::Values(backend_kind::memory), name_of);
INSTANTIATE_TEST_SUITE_P(real, message_gate_on, ::testing::Values(backend_kind::real), name_of);

TEST(message_gate, RefusesWhatCannotWorkBeforeAnythingIsSent)
{
    memory_backend zk;
    const auto s = session::open(zk.options());
    const auto gate = blocking::wait(message_gate::open(s, "in"));
    const auto before = zk.server.last_zxid();
    const auto now = system_clock::now();
    for (const auto& bad : {message{"", now, "d"}, message{"..", now, "d"}, message{"a\n", now, "d"}, message{"m", now, ""},
                            message{"m", now, "a b"}, message{std::string(201, 'x'), now, "d"}}) {
        EXPECT_EQ(error_of([&] { blocking::wait(gate.begin(bad)); }), errc::bad_argument) << bad.id;
        EXPECT_EQ(error_of([&] { blocking::wait(gate.begin_many({message{"good", now, "d"}, bad})); }), errc::bad_argument);
    }
    EXPECT_TRUE(blocking::wait(gate.begin_many({})).empty());
    EXPECT_EQ(zk.server.last_zxid(), before);
    const auto bad_policy = [&](auto change) {
        message_options o;
        change(o.policy);
        return error_of([&] { blocking::wait(message_gate::open(s, "other", o)); });
    };
    EXPECT_EQ(bad_policy([](auto& p) { p.bucket = 0min; }), errc::bad_argument);
    EXPECT_EQ(bad_policy([](auto& p) { p.bucket = p.retention + 1min; }), errc::bad_argument);
    EXPECT_EQ(bad_policy([](auto& p) { p.bucket = 1min; }), errc::bad_argument) << "1440 buckets";
    EXPECT_EQ(bad_policy([](auto& p) { p.max_attempts = 0; }), errc::bad_argument);
    EXPECT_EQ(error_of([&] { blocking::wait(message_gate::open(s, "No Such Name")); }), errc::bad_argument);
}

}  // namespace
}  // namespace turnstile::test
