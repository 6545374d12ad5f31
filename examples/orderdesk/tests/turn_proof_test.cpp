// What `orderdesk verify` proves, and what it must not overlook.
#include "judge/turn_proof.hpp"
#include "desk/order.hpp"
#include "desk/order_book.hpp"
#include "desk/turn_log.hpp"

#include <turnstile/testing/temporary_directory.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace {

using namespace orderdesk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using turnstile::testing::temporary_directory;

class book {
public:
    book() { open_orders((dir_.path() / "orders.db").string(), "lane", 2, 1); }

    /// As fenced_turn does.
    void turn(order_id id, std::int64_t token, std::int64_t place)
    {
        set_fence(id, token);
        const auto began = entry(id, token, action::entered);
        append_turn(db_, {key_of(id), token, place, "edit", "test", "edit-1"}, began);
    }

    std::int64_t entry(order_id id, std::optional<std::int64_t> token, const char* what)
    {
        return append_history(db_, id, newest_entry(db_, id), {"test", "edit-1", what, token});
    }

    void edit(order_id id, std::int64_t token, std::int64_t price)
    {
        db_.prepare("UPDATE orders SET price = :price, quote = quote + 1 WHERE id = :id")
            .bind(":price", price)
            .bind(":id", id)
            .run();
        entry(id, token, action::edited);
    }

    void set_fence(order_id id, std::int64_t token)
    {
        db_.prepare("UPDATE orders SET fence = :t WHERE id = :id").bind(":t", token).bind(":id", id).run();
    }

    void run(const char* sql) { db_.run(sql); }
    turn_proof proof() const { return prove_turns(dir_.path()); }

private:
    const temporary_directory dir_{"judge"};
    database db_{(dir_.path() / "orders.db").string()};
};

TEST(turn_proof, HoldsForABookOfTurns)
{
    book b;
    b.turn(1, 10, 0);
    b.edit(1, 10, 9000);
    b.turn(2, 11, 0);
    b.turn(1, 12, 1);
    b.edit(2, 11, 7000);
    b.edit(1, 12, 8000);
    const auto p = b.proof();
    EXPECT_EQ(p.outside, 0) << ::testing::PrintToString(p.examples);
    EXPECT_EQ(p.turns, 3);
    EXPECT_EQ(p.rows, 6);
}

TEST(turn_proof, ShowsAChangeOfNoTurn)
{
    book b;
    b.turn(1, 10, 0);
    b.edit(1, 9, 9000);
    b.set_fence(1, 9);
    const auto p = b.proof();
    EXPECT_EQ(p.outside, 1);
    EXPECT_THAT(p.examples, ElementsAre(HasSubstr("order 1 edited at 90.00")));
}

TEST(turn_proof, ShowsAChangeAfterTheNextTurnHasBegun)
{
    book b;
    b.turn(1, 10, 0);
    b.turn(1, 12, 1);
    b.edit(1, 10, 9000);
    b.edit(1, 12, 8000);
    const auto p = b.proof();
    EXPECT_EQ(p.outside, 1);
    EXPECT_THAT(p.examples, ElementsAre(HasSubstr("token 10")));
}

TEST(turn_proof, DoesNotTakeATurnAtAnotherOrderForOne)
{
    book b;
    b.turn(1, 10, 0);
    b.edit(2, 10, 9000);
    b.set_fence(2, 10);
    EXPECT_EQ(b.proof().outside, 1);
}

TEST(turn_proof, ShowsAChangeWithoutAToken)
{
    book b;
    b.entry(1, std::nullopt, action::edited);
    EXPECT_GE(b.proof().outside, 1);
}

TEST(turn_proof, ShowsARowThatWasWrittenPastTheHistory)
{
    book b;
    b.turn(1, 10, 0);
    b.edit(1, 10, 9000);
    b.run("UPDATE orders SET price = 1 WHERE id = 1");
    const auto p = b.proof();
    EXPECT_EQ(p.outside, 1);
    EXPECT_THAT(p.examples, ElementsAre(HasSubstr("order 1 says 0.01")));
}

TEST(turn_proof, ThrowsWhereThereIsNoBook)
{
    const temporary_directory empty{"judge"};
    EXPECT_THROW(prove_turns(empty.path()), database_error);
}

}  // namespace
