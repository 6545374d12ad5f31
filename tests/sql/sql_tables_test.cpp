// Inbox, once and turn log on real databases.
#include "database_under_test.hpp"

#include <turnstile/recipes/sql_tables.hpp>

#include <gmock/gmock.h>

#include <future>

namespace turnstile {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using row = std::vector<std::string>;

class sql_tables_on : public on_a_database {
protected:
    void SetUp() override
    {
        on_a_database::SetUp();
        if (IsSkipped())
            return;
        first_ = database().connect();
        second_ = database().connect();
        for (const auto* table : {"turnstile_inbox", "turnstile_once", "turnstile_turns", "orders"})
            first_->run(std::string{"DROP TABLE IF EXISTS "} + table);
    }

    sql_connection& first() { return *first_; }
    sql_connection& second() { return *second_; }

private:
    std::unique_ptr<sql_connection> first_;
    std::unique_ptr<sql_connection> second_;
};

ON_ALL_DATABASES(sql_tables_on);

TEST_P(sql_tables_on, AMessageIsNewOnce)
{
    const sql_inbox inbox{dialect()};
    first().run(inbox.create());
    first().run(inbox.create());  // harmless
    const auto is_new = [&](const std::string& id) {
        return sql_inbox::first(first().run(inbox.insert(), {0, 0, {{"message", id}, {"at", "10"}}}).rows);
    };
    EXPECT_TRUE(is_new("m-1"));
    EXPECT_FALSE(is_new("m-1"));
    EXPECT_FALSE(is_new("m-1"));
    EXPECT_TRUE(is_new("M-1")) << "not the same, whatever the collation";
    EXPECT_TRUE(is_new("m-1 ")) << "not the same, whatever the padding";
}

TEST_P(sql_tables_on, AMessageWhoseEffectWasRolledBackIsStillNew)
{
    const sql_inbox inbox{dialect()};
    first().run(inbox.create());
    const sql_values message{0, 0, {{"message", "m-1"}, {"at", "10"}}};
    first().run("BEGIN");
    EXPECT_TRUE(sql_inbox::first(first().run(inbox.insert(), message).rows));
    first().run("ROLLBACK");
    EXPECT_TRUE(sql_inbox::first(first().run(inbox.insert(), message).rows));
}

TEST_P(sql_tables_on, OfTwoAtTheSameTimeOneTakesTheMessage)
{
    const sql_inbox inbox{dialect()};
    first().run(inbox.create());
    const sql_values message{0, 0, {{"message", "m-1"}, {"at", "10"}}};
    first().run("BEGIN");
    EXPECT_TRUE(sql_inbox::first(first().run(inbox.insert(), message).rows));
    auto other = std::async(std::launch::async, [&] { return second().run(inbox.insert(), message).rows; });
    first().run("COMMIT");
    EXPECT_FALSE(sql_inbox::first(other.get()));
}

TEST_P(sql_tables_on, OldMessagesAreForgotten)
{
    const sql_inbox inbox{dialect()};
    first().run(inbox.create());
    for (const auto* at : {"10", "11", "12"})
        first().run(inbox.insert(), {0, 0, {{"message", std::string{"m-"} + at}, {"at", at}}});
    EXPECT_EQ(first().run(inbox.forget(), {0, 0, {{"at", "12"}}}).rows, 2);
}

TEST_P(sql_tables_on, WhoComesSecondIsToldWhatTheFirstWasTold)
{
    const sql_once once{dialect()};
    first().run(once.create());
    const sql_values request{0, 0, {{"key", "tap-1"}, {"fingerprint", "ab12"}, {"at", "10"}, {"result", "paid 100"}}};
    first().run("BEGIN");
    EXPECT_TRUE(sql_once::first(first().run(once.claim(), request).rows));
    first().run(once.keep_result(), request);
    first().run("COMMIT");

    second().run("BEGIN");
    EXPECT_FALSE(sql_once::first(second().run(once.claim(), request).rows));
    EXPECT_EQ(second().run(once.read(), request).table, (std::vector<row>{{"ab12", "paid 100"}}));
    second().run("COMMIT");
}

TEST_P(sql_tables_on, AClaimWaitsForTheResultOfTheOneBefore)
{
    const sql_once once{dialect()};
    first().run(once.create());
    const sql_values request{0, 0, {{"key", "tap-1"}, {"fingerprint", "ab12"}, {"at", "10"}, {"result", "paid 100"}}};
    first().run("BEGIN");
    first().run(once.claim(), request);
    auto told = std::async(std::launch::async, [&] {
        return in_transaction(second(), [&] {
            EXPECT_FALSE(sql_once::first(second().run(once.claim(), request).rows));
            return second().run(once.read(), request).table;
        });
    });
    first().run(once.keep_result(), request);
    first().run("COMMIT");
    EXPECT_EQ(told.get(), (std::vector<row>{{"ab12", "paid 100"}}));
}

TEST_P(sql_tables_on, TheLogOfTurnsTellsWhoWroteOutsideOfOne)
{
    const sql_turn_log log{dialect()};
    const sql_fence orders{dialect(), {"orders"}};
    first().run(log.create());
    first().run("CREATE TABLE orders (id BIGINT PRIMARY KEY, fence BIGINT NOT NULL)");
    first().run("INSERT INTO orders VALUES (41, 0), (42, 0)");
    const auto turn = [&](fencing_token t, std::int64_t id) {
        first().run(orders.enter(), {t, id, {}});
        first().run(log.append(), {t, 0, {{"key", std::to_string(id)}, {"operation", "edit"}, {"at", "10"}}});
    };
    turn(7, 42);
    turn(9, 42);
    turn(8, 41);
    EXPECT_THAT(first().run(log.overtaken()).table, IsEmpty());
    EXPECT_THAT(first().run(log.unaccounted(orders)).table, IsEmpty());

    first().run("UPDATE orders SET fence = 10 WHERE id = 41");
    EXPECT_THAT(first().run(log.unaccounted(orders)).table, ElementsAre(row{"41", "10"}));
    turn(7, 42);  // its entry, though its statement changed nothing
    EXPECT_THAT(first().run(log.overtaken()).table, ElementsAre(row{"4", "42", "7", "edit", "10"}));
}

}  // namespace

}  // namespace turnstile
