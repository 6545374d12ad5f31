// The fence's statements on real databases.
#include "database_under_test.hpp"

#include <turnstile/error.hpp>
#include <turnstile/recipes/sql_fence.hpp>

#include <gmock/gmock.h>

#include <future>

namespace turnstile {

namespace {

using ::testing::ElementsAre;
using row = std::vector<std::string>;

template <class Call>
error_code thrown_by(Call call)
{
    try {
        call();
    } catch (const error& e) {
        return e.code();
    }
    return {};
}

class sql_fence_on : public on_a_database {
protected:
    /// A table that was there before anybody thought of fences; one order, at 100.
    void SetUp() override
    {
        on_a_database::SetUp();
        if (IsSkipped())
            return;
        fence_.emplace(dialect(), sql_table{"orders", "id", "fence"});
        first_ = database().connect();
        second_ = database().connect();
        first_->run("DROP TABLE IF EXISTS orders");
        first_->run("CREATE TABLE orders (id BIGINT PRIMARY KEY, price BIGINT, status VARCHAR(20))");
        first_->run("INSERT INTO orders VALUES (42, 100, 'open')");
        first_->run(fence_->add_column());
    }

    const sql_fence& fence() const { return *fence_; }
    sql_connection& first() { return *first_; }
    sql_connection& second() { return *second_; }

    /// What it read, or it throws.
    row enter(sql_connection& c, fencing_token t, const sql_script& script)
    {
        return in_transaction(c, [&] {
            auto entered = c.run(script, {t, 42, {}});
            fence().entered(entered.rows, 42, t);
            return entered.table.at(0);
        });
    }
    row enter(sql_connection& c, fencing_token t) { return enter(c, t, fence().enter({"price", "status"})); }

    void write(sql_connection& c, fencing_token t, int price)
    {
        in_transaction(c, [&] {
            fence().wrote(c.run(fence().write({"price"}), {t, 42, {{"price", std::to_string(price)}}}).rows, 42, t);
            return 0;
        });
    }

    std::string price()
    {
        return first().run("SELECT price FROM orders WHERE id = 42", sql_rows::returned).table.at(0).at(0);
    }

private:
    std::optional<sql_fence> fence_;
    std::unique_ptr<sql_connection> first_;
    std::unique_ptr<sql_connection> second_;
};

ON_ALL_DATABASES(sql_fence_on);

TEST_P(sql_fence_on, ATurnEntersReadsAndWrites)
{
    EXPECT_THAT(enter(first(), 7), ElementsAre("100", "open"));
    write(first(), 7, 80);
    EXPECT_THAT(enter(second(), 8), ElementsAre("80", "open"));
}

TEST_P(sql_fence_on, AZombieIsShutOutBeforeTheNewHolderHasWrittenAnything)
{
    enter(first(), 7);
    EXPECT_THAT(enter(second(), 8), ElementsAre("100", "open"));  // has read, and charges 100 now
    EXPECT_EQ(thrown_by([&] { write(first(), 7, 80); }), errc::fenced);
    EXPECT_EQ(price(), "100") << "what the new holder has read is still true";
    write(second(), 8, 100);
}

// The recipe that is usually told: each write says `fence <= token`, and raises it; a read says nothing.
TEST_P(sql_fence_on, ThePopularRecipeLetsAZombieWriteUnderTheNewHolder)
{
    const std::string read = "SELECT price FROM orders WHERE id = 42";
    const auto popular_write = [&](sql_connection& c, int token, int price) {
        const auto t = std::to_string(token);
        return c.run(
            "UPDATE orders SET fence = " + t + ", price = " + std::to_string(price) + " WHERE id = 42 AND fence <= " + t,
            sql_rows::changed);
    };
    first().run(read, sql_rows::returned);                                          // the zombie, token 7
    const auto charged = second().run(read, sql_rows::returned).table.at(0).at(0);  // the new holder, token 8
    EXPECT_EQ(popular_write(first(), 7, 80).rows, 1) << "the zombie's write is accepted";
    EXPECT_EQ(charged, "100");
    EXPECT_EQ(price(), "80") << "and the order is not what it was charged for";
}

TEST_P(sql_fence_on, AnOldTurnCannotEnterAfterANewerOne)
{
    enter(first(), 8);
    EXPECT_EQ(thrown_by([&] { enter(second(), 7); }), errc::fenced);
    EXPECT_EQ(thrown_by([&] { enter(second(), 7, fence().enter_again()); }), errc::fenced);
    EXPECT_EQ(first().run(fence().look(), {0, 42, {}}).table, (std::vector<row>{{"8"}}));
}

TEST_P(sql_fence_on, ATurnEntersAgainOnlyWhenItSaysSo)
{
    enter(first(), 7);
    EXPECT_EQ(thrown_by([&] { enter(first(), 7); }), errc::fenced);
    EXPECT_THAT(enter(first(), 7, fence().enter_again({"price"})), ElementsAre("100"));
    EXPECT_THAT(enter(second(), 8, fence().enter_again({"price"})), ElementsAre("100"));
    EXPECT_EQ(thrown_by([&] { write(first(), 7, 80); }), errc::fenced);
}

TEST_P(sql_fence_on, AWriteOfWhatStandsThereAlreadyIsNotRefused)
{
    enter(first(), 7);
    write(first(), 7, 100);
    write(first(), 7, 100);
}

TEST_P(sql_fence_on, OnlyTheTurnThatEnteredLastErases)
{
    enter(first(), 7);
    enter(second(), 8);
    EXPECT_EQ(thrown_by([&] { fence().wrote(first().run(fence().erase(), {7, 42, {}}).rows, 42, 7); }), errc::fenced);
    fence().wrote(second().run(fence().erase(), {8, 42, {}}).rows, 42, 8);
    EXPECT_EQ(thrown_by([&] { enter(second(), 9); }), errc::fenced);
    EXPECT_EQ(first().run(fence().look(), {0, 42, {}}).rows, 0) << "not fenced: there is no such row";
}

TEST_P(sql_fence_on, TellsTokensApartThatADoubleWouldNot)
{
    constexpr fencing_token large = (fencing_token{1} << 62) + 1;
    enter(first(), large);
    enter(second(), large + 1);
    EXPECT_EQ(thrown_by([&] { write(first(), large, 80); }), errc::fenced);
    write(second(), large + 1, 90);
}

TEST_P(sql_fence_on, WhoEntersWaitsForTheTransactionThatWrites)
{
    enter(first(), 7);
    first().run("BEGIN");
    fence().wrote(first().run(fence().write({"price"}), {7, 42, {{"price", "80"}}}).rows, 42, 7);
    auto newer = std::async(std::launch::async, [&] { return enter(second(), 8); });
    first().run("COMMIT");
    EXPECT_THAT(newer.get(), ElementsAre("80", "open"));
}

// MySQL's default isolation would show the zombie the row, and the fence, as they were at its first read.
TEST_P(sql_fence_on, ATransactionThatHasReadBeforeIsShutOutAllTheSame)
{
    if (dialect() == sql_dialect::sqlite)
        GTEST_SKIP() << "a reader keeps others from writing";
    enter(first(), 7);
    first().run("BEGIN");
    first().run("SELECT price FROM orders", sql_rows::returned);
    enter(second(), 8);
    write(second(), 8, 120);
    const auto script = fence().write({"price"});
    EXPECT_EQ(first().run(script, {7, 42, {{"price", "80"}}}).rows, 0);
    first().run("ROLLBACK");
    EXPECT_EQ(price(), "120");
}

TEST_P(sql_fence_on, EnteringReadsTheRowAsItIsAndNotAsItWas)
{
    if (dialect() == sql_dialect::sqlite)
        GTEST_SKIP() << "a reader keeps others from writing";
    enter(first(), 7);
    second().run("BEGIN");
    second().run("SELECT price FROM orders", sql_rows::returned);
    write(first(), 7, 80);
    EXPECT_EQ(second().run(fence().enter({"price"}), {8, 42, {}}).table, (std::vector<row>{{"80"}}));
    second().run("COMMIT");
}

TEST_P(sql_fence_on, AnIdThatIsNotUniqueIsTold)
{
    first().run("DROP TABLE orders");
    first().run("CREATE TABLE orders (id BIGINT, price BIGINT, status VARCHAR(20), fence BIGINT NOT NULL DEFAULT 0)");
    first().run("INSERT INTO orders (id, price) VALUES (42, 1), (42, 2)");
    EXPECT_EQ(thrown_by([&] { enter(first(), 7); }), errc::bad_argument);
}

}  // namespace

}  // namespace turnstile
