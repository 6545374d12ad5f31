// Janitors: what is old enough goes, nothing else does, and the next one goes on where a dead one was.
#include "recipe_room.hpp"

#include <turnstile/recipes/janitor.hpp>

#include <optional>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;
using checkout = resource_kind<"checkout", "user:u64">;

class janitor_on : public recipe_on {
protected:
    static janitor_options quick()
    {
        janitor_options o;
        o.batch = 10;
        o.pause = 1ms;
        o.interval = 20ms;
        return o;
    }

    static message_gate open_messages(const session& s)
    {
        message_options o;
        o.policy.shards = 2;
        return wait(message_gate::open(s, "payments-in", o));
    }

    /// As consumers of long ago have left them.
    void leave_bucket(const std::string& bucket, int ids)
    {
        for (int i = 0; i < ids; ++i)
            zk_->create(messages + "/" + bucket + "/00" + std::to_string(i % 2) + "/m" + std::to_string(i));
    }

    /// The same beside a janitor that is at work: it may take the directory away before the id is in it.
    void leave_one(const std::string& bucket)
    {
        while (error_of([&] { leave_bucket(bucket, 1); }) == errc::no_node) {}
    }

    /// Janitors, in however many elections.
    std::size_t waiting()
    {
        std::size_t all = 0;
        for (const auto& election : zk_->children("/turnstile/janitors"))
            all += zk_->children("/turnstile/janitors/" + election).size();
        return all;
    }

    std::size_t buckets() { return zk_->children(messages).size(); }

    const std::string messages = "/turnstile/messages/payments-in";
    session s_ = open();
};

TEST_P(janitor_on, DeadBucketsGoAsAWholeAndLivingOnesStay)
{
    const auto gate = open_messages(s_);
    leave_bucket("000000000001", 25);
    leave_bucket("000000000002", 3);
    const auto living = wait(gate.begin({"m1", std::chrono::system_clock::now(), "d"}));
    EXPECT_TRUE(std::holds_alternative<delivery>(living));
    zk_->create(messages + "/what-is-this");
    auto how = quick();
    std::vector<std::uint64_t> told;
    how.progress = [&](const janitor_report& r) { told.push_back(r.ids); };
    janitor j{s_, how};
    j.keep_clean(gate);
    const auto report = wait(j.sweep());
    EXPECT_EQ(report.ids, 28U);
    EXPECT_EQ(report.buckets, 2U);
    EXPECT_EQ(buckets(), 2U) << "the living one, and what is not ours";
    EXPECT_GT(told.size(), 3U) << "in batches";
    EXPECT_EQ(wait(j.sweep()).ids, 0U);
}

TEST_P(janitor_on, KeysThatAreDoneGoAfterAWhileAndOthersNever)
{
    once_options o;
    o.policy.shards = 1;
    o.policy.keep = 1s;
    const auto gate = wait(once_gate::open(s_, {checkout::definition()}, o));
    const auto enter = [&](std::uint64_t user) { return std::get<admitted>(wait(gate.enter(checkout::key(user), "f"))); };
    auto done = enter(1);
    wait(done.commit("order 1"));
    auto failed = enter(2);
    wait(failed.fail("declined"));
    const auto running = enter(3);
    {
        auto left = enter(4);
        wait(left.declare("charge"));
    }
    janitor j{s_, quick()};
    j.keep_clean(gate);
    EXPECT_EQ(wait(j.sweep()).ids, 0U);
    EXPECT_TRUE(eventually([&] {
        wait(j.sweep());
        return zk_->children("/turnstile/once/checkout/000").size() == 2;
    }));
    EXPECT_TRUE(eventually([&] { return wait(gate.inspect(checkout::key(4)))->state == once_view::status::suspect; }));
    EXPECT_EQ(wait(gate.inspect(checkout::key(3)))->state, once_view::status::running);
    EXPECT_EQ(wait(j.sweep()).kept, 2U);
}

TEST_P(janitor_on, OneOfSeveralIsAtWorkAndTheNextGoesOnAfterIt)
{
    const auto gate = open_messages(s_);
    const auto doomed = open();
    janitor first{doomed, quick()};
    first.keep_clean(gate);
    janitor second{s_, quick()};
    second.keep_clean(gate);
    auto one = run_.spawn(first.run());
    EXPECT_TRUE(eventually([&] { return waiting() == 1; }));
    auto two = run_.spawn(second.run());
    EXPECT_TRUE(eventually([&] { return waiting() == 2; }));
    leave_one("000000000001");
    EXPECT_TRUE(eventually([&] { return buckets() == 0; }));
    one.cancel();
    EXPECT_EQ(error_of([&] { one.get(); }), boost::asio::error::operation_aborted);
    leave_one("000000000002");
    EXPECT_TRUE(eventually([&] { return buckets() == 0; }));
    two.cancel();
    EXPECT_EQ(error_of([&] { two.get(); }), boost::asio::error::operation_aborted);
}

TEST_P(janitor_on, WhoHasOtherGatesToKeepCleanNeedNotWait)
{
    const auto gate = open_messages(s_);
    const auto other = wait(message_gate::open(s_, "orders-in"));
    janitor first{s_, quick()};
    first.keep_clean(other);
    auto one = run_.spawn(first.run());
    EXPECT_TRUE(eventually([&] { return waiting() == 1; }));
    janitor second{open(), quick()};
    second.keep_clean(gate);
    auto two = run_.spawn(second.run());
    leave_one("000000000001");
    EXPECT_TRUE(eventually([&] { return buckets() == 0; }));
    for (auto* r : {&one, &two}) {
        r->cancel();
        EXPECT_EQ(error_of([&] { r->get(); }), boost::asio::error::operation_aborted);
    }
}

INSTANTIATE_TEST_SUITE_P(memory, janitor_on, ::testing::Values(backend_kind::memory), name_of);
INSTANTIATE_TEST_SUITE_P(real, janitor_on, ::testing::Values(backend_kind::real), name_of);

}  // namespace
}  // namespace turnstile::test
