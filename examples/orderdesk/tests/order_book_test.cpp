// Writes that look at the version, and the copy that the judge reads.
#include "desk/order_book.hpp"

#include <gtest/gtest.h>

namespace {

using namespace orderdesk;

database two_orders()
{
    database db{":memory:"};
    make_order_tables(db);
    db.run("INSERT INTO run VALUES ('version')");
    db.run("INSERT INTO orders (id, price, quote, status) VALUES (1, 10000, 1, 'awaiting payment'), (2, 5000, 1, 'paid')");
    append_history(db, 1, 0, {"test", "", action::opened, 0});
    append_history(db, 1, 1, {"test", "edit-1", action::edited, std::nullopt});
    return db;
}

TEST(order_book, WritesOnlyWhatNobodyHasWrittenSinceItWasRead)
{
    auto db = two_orders();
    auto first = read_order(db, 1);
    auto second = read_order(db, 1);
    first.price = 9000;
    second.price = 8000;
    EXPECT_TRUE(write_order_if_unchanged(db, first));
    EXPECT_FALSE(write_order_if_unchanged(db, second));
    EXPECT_EQ(read_order(db, 1).price, 9000);
    EXPECT_EQ(read_order(db, 2).price, 5000);
}

TEST(order_book, IsCopiedWithItsHistory)
{
    auto db = two_orders();
    database copy{":memory:"};
    copy_orders(db, copy);
    EXPECT_EQ(read_order(copy, 2).status, status::paid);
    EXPECT_EQ(newest_entry(copy, 1), 2);
    auto entry = copy.prepare("SELECT fence, request FROM history WHERE seq = 2");
    ASSERT_TRUE(entry.step());
    EXPECT_TRUE(entry.is_null("fence"));
    EXPECT_EQ(entry.text("request"), "edit-1");
}

}  // namespace
