// The two statements that keep a zombie out of the row.
#include "desk/fenced_order.hpp"
#include "desk/order_book.hpp"

#include <gtest/gtest.h>

namespace {

using namespace orderdesk;

database one_order()
{
    database db{":memory:"};
    make_order_tables(db);
    db.run("INSERT INTO orders (id, price, quote, status) VALUES (1, 10000, 1, 'awaiting payment')");
    return db;
}

TEST(fenced_order, ReadsWhatItEnters)
{
    auto db = one_order();
    const auto entered = fenced_order::enter(db, 1, 5);
    ASSERT_TRUE(entered);
    EXPECT_EQ(entered->price, 10000);
    EXPECT_EQ(entered->status, status::awaiting);
}

TEST(fenced_order, LetsNobodyEnterBehindANewerTurn)
{
    auto db = one_order();
    ASSERT_TRUE(fenced_order::enter(db, 1, 5));
    EXPECT_FALSE(fenced_order::enter(db, 1, 4));
    EXPECT_FALSE(fenced_order::enter(db, 1, 5));
}

TEST(fenced_order, RefusesTheZombieAlreadyBeforeTheNewHolderHasWritten)
{
    auto db = one_order();
    auto zombie = fenced_order::enter(db, 1, 5);
    ASSERT_TRUE(zombie);
    auto holder = fenced_order::enter(db, 1, 6);
    ASSERT_TRUE(holder);

    zombie->price = 8000;
    EXPECT_FALSE(fenced_order::write(db, *zombie, 5));
    EXPECT_EQ(read_order(db, 1).price, 10000);

    holder->status = status::paying;
    EXPECT_TRUE(fenced_order::write(db, *holder, 6));
}

}  // namespace
