// The judges of messages and of taps, judged: books written by hand, a clean one and one for each rule.
#include "desk/checkout_book.hpp"
#include "desk/delivery_book.hpp"
#include "desk/outbox.hpp"
#include "desk/table_broker.hpp"
#include "judge/side_rules.hpp"

#include <turnstile/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace orderdesk;
using turnstile::testing::temporary_directory;
using namespace std::chrono_literals;

using counts = std::map<std::string, std::int64_t>;

counts broken(const std::vector<finding>& findings)
{
    counts found;
    for (const auto& f : findings)
        if (f.anomalies != 0)
            found[f.rule] = f.anomalies;
    return found;
}

class messages_book {
public:
    messages_book()
    {
        delivery_book::make(file());
        outbox::make(dir_.path() / "outbox.db", "gate");
    }

    void send(const std::string& id) { table_broker{file(), 0ms}.send({id, "text", 1}); }
    /// Of all that is in the queue.
    void acknowledge()
    {
        table_broker q{file(), 0ms};
        for (const auto& l : q.receive(100))
            q.acknowledge(l.tag);
    }
    void mail(const std::string& id, const std::string& consumer) { mails().send({id, "text", 1}, consumer); }
    void killed(const std::string& consumer) { mails().note_killed(consumer); }

    messages_verdict judged() const { return judge_messages(dir_.path()); }
    counts wrong() const { return broken(judged().findings); }

private:
    std::filesystem::path file() const { return dir_.path() / "broker.db"; }
    outbox mails() const { return outbox{dir_.path() / "outbox.db"}; }

    const temporary_directory dir_{"judge"};
};

TEST(judge_of_messages, FindsNothingInACleanBook)
{
    messages_book b;
    for (const auto* id : {"m1", "m2", "m2"})
        b.send(id);
    b.mail("m1", "c1");
    b.mail("m2", "c2");
    b.acknowledge();
    EXPECT_EQ(b.wrong(), counts{});
    const auto v = b.judged();
    EXPECT_EQ(v.messages, 2);
    EXPECT_EQ(v.sends, 3);
    EXPECT_EQ(v.deliveries, 3);
}

TEST(judge_of_messages, FindsAnEMailThatWasSentTwiceAndWhetherADeathExplainsIt)
{
    messages_book b;
    b.send("m1");
    b.mail("m1", "c1");
    b.mail("m1", "c2");
    b.acknowledge();
    EXPECT_EQ(b.wrong(), (counts{{"doubled", 1}, {"unexplained", 1}}));
    b.killed("c1");
    EXPECT_EQ(b.wrong(), (counts{{"doubled", 1}}));
}

TEST(judge_of_messages, FindsAMessageWithoutItsEMail)
{
    messages_book b;
    b.send("m1");
    b.acknowledge();
    EXPECT_EQ(b.wrong(), (counts{{"missing", 1}}));
}

TEST(judge_of_messages, FindsAnEMailWithoutItsMessage)
{
    messages_book b;
    b.mail("m1", "c1");
    EXPECT_EQ(b.wrong(), (counts{{"unasked", 1}}));
}

TEST(judge_of_messages, FindsWhatIsLeftInTheQueue)
{
    messages_book b;
    b.send("m1");
    b.mail("m1", "c1");
    EXPECT_EQ(b.wrong(), (counts{{"unfinished", 1}}));
}

TEST(judge_of_messages, HasATestForEachRule) { EXPECT_EQ(message_rules().size(), 5U); }

TEST(inbox, LetsAMessageTakeEffectOnceAndCountsTheOthers)
{
    const temporary_directory dir{"judge"};
    outbox::make(dir.path() / "outbox.db", "inbox");
    outbox mails{dir.path() / "outbox.db"};
    EXPECT_TRUE(mails.send_once({"m1", "text", 1}, "c1"));
    EXPECT_FALSE(mails.send_once({"m1", "text", 1}, "c2"));
    EXPECT_EQ(mails.sent(), 1);
}

TEST(table_broker, DeliversAgainWhatIsNotAcknowledged)
{
    const temporary_directory dir{"judge"};
    const auto file = dir.path() / "broker.db";
    delivery_book::make(file);
    table_broker queue{file, 1h};
    queue.send({"m1", "text", 1});
    ASSERT_EQ((table_broker{file, 0ms}.receive(10).size()), 1U);
    const auto again = queue.receive(10);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again.front().times, 2);
    EXPECT_TRUE(queue.receive(10).empty()) << "invisible";
    queue.give_back(again.front().tag, 0ms);
    EXPECT_EQ(queue.receive(10).size(), 1U);
    queue.acknowledge(again.front().tag);
    EXPECT_EQ(queue.unacknowledged(), 0);
}

TEST(delivery_book, TakesBackThatACopyWasDoneWhenItIsDeliveredAgain)
{
    const temporary_directory dir{"judge"};
    delivery_book::make(dir.path() / "broker.db");
    delivery_book book{dir.path() / "broker.db"};
    const auto tag = book.enter({"m1", "text", 1});
    EXPECT_EQ(book.delivered(tag), 1);
    book.done(tag);
    EXPECT_EQ(book.unfinished(), 0);
    EXPECT_EQ(book.delivered(tag), 2);
    EXPECT_EQ(book.unfinished(), 1);
}

class taps_book {
public:
    taps_book() { make_checkout_tables(db_, "gate"); }

    void place(std::int64_t id)
    {
        db_.prepare("INSERT INTO placed VALUES (:id, 7, 'basket', 1, 'tap', 'test', 0)").bind(":id", id).run();
    }
    void tap(const std::string& name, std::optional<std::int64_t> told)
    {
        auto noting = db_.prepare("INSERT INTO taps VALUES (:tap, :order, 1, 0)");
        noting.bind(":tap", name);
        if (told)
            noting.bind(":order", *told);
        noting.run();
    }
    counts wrong() const { return broken(judge_taps(dir_.path()).findings); }

private:
    const temporary_directory dir_{"judge"};
    database db_{(dir_.path() / "checkout.db").string()};
};

TEST(judge_of_taps, FindsNothingInACleanBook)
{
    taps_book b;
    b.place(1);
    b.tap("tap-1", 1);
    b.tap("tap-2", 1);
    EXPECT_EQ(b.wrong(), counts{});
}

TEST(judge_of_taps, FindsASecondOrder)
{
    taps_book b;
    b.place(1);
    b.place(2);
    b.tap("tap-1", 1);
    EXPECT_EQ(b.wrong(), (counts{{"several_orders", 1}}));
}

TEST(judge_of_taps, FindsATapThatWasToldOfAnother)
{
    taps_book b;
    b.place(1);
    b.tap("tap-1", 1);
    b.tap("tap-2", 2);
    EXPECT_EQ(b.wrong(), (counts{{"another_answer", 1}, {"unknown_order", 1}}));
}

TEST(judge_of_taps, FindsATapWithoutAnAnswer)
{
    taps_book b;
    b.place(1);
    b.tap("tap-1", 1);
    b.tap("tap-2", std::nullopt);
    EXPECT_EQ(b.wrong(), (counts{{"another_answer", 1}, {"unanswered", 1}}));
}

TEST(judge_of_taps, HasATestForEachRule) { EXPECT_EQ(tap_rules().size(), 4U); }

}  // namespace
