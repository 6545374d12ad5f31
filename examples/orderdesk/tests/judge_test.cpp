// The judge, judged: books written by hand, one clean and one per rule. A judge that finds nothing proves nothing.
#include "desk/order.hpp"
#include "desk/order_book.hpp"
#include "desk/turn_log.hpp"
#include "judge/rules.hpp"

#include <turnstile/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace {

using namespace orderdesk;
using turnstile::testing::temporary_directory;

/// Three books that a test fills as the programs would, or not quite.
class books {
public:
    explicit books(const std::string& guard = "lane")
    {
        open_orders(dir_.path() / "orders.db", guard, 1, 1);
        make_psp_tables(psp_);
        make_buyers_tables(buyers_);
    }

    /// One entry, and the row as it leaves it. `seen` is the newest entry unless the test lies about it.
    void entry(const std::string& request, const char* what, std::optional<std::int64_t> fence, const order& o,
               std::optional<std::int64_t> seen = std::nullopt)
    {
        write_order(orders(), o);
        append_history(orders(), 1, seen.value_or(newest()), {"test", request, what, fence});
    }

    void edit(const std::string& request, std::int64_t fence, std::int64_t price)
    {
        entry(request, action::entered, fence, row());
        auto o = row();
        o.price = price;
        ++o.quote;
        entry(request, action::edited, fence, o);
        ask_and_answer(request, "edited");
    }

    void pay(const std::string& request, std::int64_t fence)
    {
        entry(request, action::entered, fence, row());
        auto o = row();
        o.status = status::paying;
        entry(request, action::charging, fence, o);
        capture(request, o.quote, o.price);
        o.status = status::paid;
        entry(request, action::paid, fence, o);
        ask_and_answer(request, "paid");
    }

    void capture(const std::string& key, std::int64_t quote, std::int64_t amount)
    {
        psp_.prepare("INSERT INTO captures VALUES (:key, 1, :quote, :amount, 0)")
            .bind(":key", key)
            .bind(":quote", quote)
            .bind(":amount", amount)
            .run();
    }

    void ask(const std::string& request)
    {
        buyers_.prepare("INSERT INTO asked VALUES (:request, 1, '', 0)").bind(":request", request).run();
    }

    void answer(const std::string& request, const std::string& outcome)
    {
        buyers_.prepare("INSERT INTO answers (request, outcome, why, took_us) VALUES (:request, :outcome, '', 1)")
            .bind(":request", request)
            .bind(":outcome", outcome)
            .run();
    }

    void ask_and_answer(const std::string& request, const std::string& outcome)
    {
        ask(request);
        answer(request, outcome);
    }

    void edit_row(const char* sql) { orders_.run(sql); }
    void edit_psp(const char* sql) { psp_.run(sql); }
    database& orders() { return orders_; }
    const std::filesystem::path& dir() const { return dir_.path(); }

    order row() { return read_order(orders(), 1); }
    std::int64_t newest() { return newest_entry(orders(), 1); }

    /// Which rules are broken, and how often.
    std::map<std::string, std::int64_t> broken() const
    {
        std::map<std::string, std::int64_t> counts;
        for (const auto& f : judge(dir_.path()).findings)
            if (f.anomalies != 0)
                counts[f.rule] = f.anomalies;
        return counts;
    }

    verdict judged() const { return judge(dir_.path()); }

private:
    const temporary_directory dir_{"judge"};
    database orders_{dir_.path() / "orders.db"};
    database psp_{dir_.path() / "psp.db"};
    database buyers_{dir_.path() / "buyers.db"};
};

using counts = std::map<std::string, std::int64_t>;

TEST(judge, FindsNothingInCleanBooks)
{
    books b;
    b.edit("edit-1", 10, 9000);
    b.edit("edit-2", 11, 8000);
    b.ask_and_answer("edit-3", "refused");
    b.pay("tap-1", 15);
    b.ask_and_answer("tap-2", "refused");
    EXPECT_EQ(b.broken(), counts{});
    EXPECT_EQ(b.judged().answers, 5);
}

TEST(judge, FindsAChargeThatIsNotThePriceOnTheOrder)
{
    books b;
    b.edit("edit-1", 10, 9000);
    b.pay("tap-1", 11);
    auto o = b.row();
    o.price = 7000;
    b.entry("tap-1", action::paid, 11, o);
    EXPECT_EQ(b.broken(), (counts{{"wrong_amount", 1}, {"total", 1}}));
}

TEST(judge, FindsAChargeForAQuoteThatNobodyOffersAnyMore)
{
    books b;
    b.pay("tap-1", 10);
    auto o = b.row();
    ++o.quote;
    b.entry("tap-1", action::paid, 10, o);
    EXPECT_EQ(b.broken(), (counts{{"wrong_amount", 1}}));
}

TEST(judge, FindsMoneyTakenForAnOrderThatIsNotPaid)
{
    books b;
    b.capture("tap-1", 1, b.row().price);
    EXPECT_EQ(b.broken(), (counts{{"wrong_amount", 1}, {"total", 1}}));
}

TEST(judge, FindsAPaidOrderForWhichNothingWasCharged)
{
    books b;
    auto o = b.row();
    b.entry("tap-1", action::entered, 10, o);
    o.status = status::paying;
    b.entry("tap-1", action::charging, 10, o);
    o.status = status::paid;
    b.entry("tap-1", action::paid, 10, o);
    EXPECT_EQ(b.broken(), (counts{{"wrong_amount", 1}, {"total", 1}}));
}

TEST(judge, FindsASecondCharge)
{
    books b;
    b.pay("tap-1", 10);
    b.capture("tap-2", b.row().quote, b.row().price);
    EXPECT_EQ(b.broken(), (counts{{"charged_twice", 1}, {"total", 1}}));
}

TEST(judge, FindsAnEditThatAStaleWriteTookAway)
{
    books b{"none"};
    const auto seen_by_both = b.newest();
    auto first = b.row();
    auto second = b.row();
    first.price = 100;
    second.price = 200;
    b.entry("edit-1", action::edited, std::nullopt, first, seen_by_both);
    b.ask_and_answer("edit-1", "edited");
    b.entry("edit-2", action::edited, std::nullopt, second, seen_by_both);
    b.ask_and_answer("edit-2", "edited");
    EXPECT_EQ(b.broken(), (counts{{"lost_edit", 1}}));
}

TEST(judge, CallsAnEditThatTheNextOneHadSeenNotLost)
{
    books b{"none"};
    for (const auto* request : {"edit-1", "edit-2"}) {
        auto o = b.row();
        o.price += 100;
        b.entry(request, action::edited, std::nullopt, o);
        b.ask_and_answer(request, "edited");
    }
    EXPECT_EQ(b.broken(), counts{});
}

TEST(judge, FindsAnEditAfterThePayment)
{
    books b;
    b.pay("tap-1", 10);
    b.entry("edit-1", action::entered, 11, b.row());
    auto o = b.row();
    b.entry("edit-1", action::edited, 11, o);
    b.ask_and_answer("edit-1", "edited");
    EXPECT_EQ(b.broken(), (counts{{"edit_after_paid", 1}}));
}

TEST(judge, FindsAnIllegalStepOfTheStatus)
{
    books b;
    b.pay("tap-1", 10);
    auto o = b.row();
    o.status = status::paying;
    b.entry("tap-1", action::charging, 10, o);
    o.status = status::paid;
    b.entry("tap-1", action::paid, 10, o);
    EXPECT_EQ(b.broken(), (counts{{"status_path", 1}}));
}

TEST(judge, FindsARequestWithoutAnAnswer)
{
    books b;
    b.ask("tap-1");
    EXPECT_EQ(b.broken(), (counts{{"answered_once", 1}}));
}

TEST(judge, FindsARequestThatWasAnsweredTwice)
{
    books b;
    b.ask_and_answer("tap-1", "refused");
    b.answer("tap-1", "refused");
    EXPECT_EQ(b.broken(), (counts{{"answered_once", 1}}));
}

TEST(judge, FindsAnAnswerThatTheBooksDoNotKnow)
{
    books b;
    b.ask_and_answer("edit-1", "edited");
    EXPECT_EQ(b.broken(), (counts{{"untrue_answer", 1}}));
}

TEST(judge, FindsATurnThatEntersWithAnOldToken)
{
    books b;
    b.edit("edit-1", 11, 9000);
    b.edit("edit-2", 11, 8000);
    EXPECT_EQ(b.broken(), (counts{{"fence", 1}}));
}

TEST(judge, FindsAWriteThatCarriesAnOldToken)
{
    books b;
    b.edit("edit-1", 10, 9000);
    b.entry("tap-1", action::entered, 12, b.row());
    b.entry("edit-1", action::edited, 10, b.row());
    EXPECT_EQ(b.broken(), (counts{{"fence", 1}, {"stale_write", 1}}));
}

TEST(judge, FindsAWriteThatCarriesNoTokenInAGuardedRun)
{
    books b;
    b.entry("edit-1", action::edited, std::nullopt, b.row());
    EXPECT_EQ(b.broken(), (counts{{"fence", 1}}));
}

TEST(judge, FindsAWriteOnTopOfAnUnseenChange)
{
    books b;
    b.entry("edit-1", action::entered, 10, b.row());
    b.entry("edit-1", action::edited, 10, b.row(), b.newest() - 1);
    EXPECT_EQ(b.broken(), (counts{{"linear", 1}}));
}

TEST(judge, FindsAChargeThatTheQuoteNeverWas)
{
    books b;
    b.pay("tap-1", 10);
    b.edit_row("UPDATE orders SET price = 7000");
    b.edit_psp("UPDATE captures SET amount = 7000");
    EXPECT_EQ(b.broken(), (counts{{"quote_price", 1}}));
}

TEST(judge, FindsATotalThatDoesNotAddUp)
{
    books b;
    b.pay("tap-1", 10);
    b.edit_row("INSERT INTO orders (id, price, quote, status) VALUES (2, 500, 1, 'paid')");
    EXPECT_EQ(b.broken(), (counts{{"total", 1}, {"wrong_amount", 1}}));
}

TEST(judge, FindsAZombieThatNoRowHasStopped)
{
    books b;
    b.edit("edit-1", 10, 9000);
    note_zombie(b.orders(), "order/1", "edit-1");
    EXPECT_EQ(b.broken(), (counts{{"zombie", 1}}));
}

TEST(judge, FindsNothingWhereAsManyZombiesWereRefusedAsThereWere)
{
    books b;
    for (const auto* request : {"edit-1", "edit-2"}) {
        note_zombie(b.orders(), "order/1", request);
        note_refused_write(b.orders(), {"order/1", 7, 1, "edit", "test", request});
    }
    EXPECT_EQ(b.broken(), counts{});
}

TEST(judge, FindsWhoWasServedBeforeAnEarlierOne)
{
    books b;
    append_turn(b.orders(), {"order/1", 10, 4, "edit", "test", "edit-1"}, 2);
    append_turn(b.orders(), {"order/1", 12, 3, "edit", "test", "edit-2"}, 3);
    append_turn(b.orders(), {"order/2", 13, 1, "edit", "test", "edit-3"}, 4);
    append_turn(b.orders(), {"order/1", 14, 5, "edit", "test", "edit-4"}, 5);
    EXPECT_EQ(b.broken(), (counts{{"overtaking", 1}}));
}

TEST(judge, FindsWhatIsLeftBehind)
{
    books b;
    note_node_left(b.orders(), "/turnstile/lanes/order/00/1-intent");
    EXPECT_EQ(b.broken(), (counts{{"node_left", 1}}));
}

TEST(judge, DoesNotAskForTokensWhereNobodyGuards)
{
    books b{"none"};
    b.entry("edit-1", action::edited, std::nullopt, b.row());
    EXPECT_EQ(b.broken(), counts{});
}

TEST(judge, HasATestForEachRule) { EXPECT_EQ(rules().size(), 15U) << "a new rule needs a book that breaks it"; }

}  // namespace
