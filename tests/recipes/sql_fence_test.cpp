// The text of the fence's statements and what the checks say. What databases make of them is in tests/sql.
#include <turnstile/error.hpp>
#include <turnstile/recipes/sql_fence.hpp>
#include <turnstile/recipes/sql_tables.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace turnstile {

namespace {

using ::testing::HasSubstr;
using kind = sql_parameter::kind;

const sql_parameter token{kind::token, {}};
const sql_parameter id{kind::id, {}};

sql_parameter column(std::string name) { return {kind::column, std::move(name)}; }

sql_fence fence_of(sql_dialect d) { return {d, {"orders", "id", "fence"}}; }

using parameters = std::vector<sql_parameter>;

/// What it throws, as text; empty when it does not.
std::string refusal(errc expected, const std::function<void()>& call)
{
    try {
        call();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), expected) << e.what();
        return e.what();
    }
    return {};
}

TEST(sql_fence, EntersWithOneStatementInPostgresql)
{
    const auto script = fence_of(sql_dialect::postgresql).enter({"price", "status"});
    ASSERT_EQ(script.size(), 1U);
    EXPECT_EQ(script[0].text,
              R"(UPDATE "orders" SET "fence" = $1 WHERE "id" = $2 AND "fence" < $1 RETURNING "price", "status")");
    EXPECT_EQ(script[0].parameters, (parameters{token, id}));
    EXPECT_EQ(script[0].rows, sql_rows::returned);
}

TEST(sql_fence, EntersWithOneStatementInSqlite)
{
    const auto script = fence_of(sql_dialect::sqlite).enter({"price"});
    ASSERT_EQ(script.size(), 1U);
    EXPECT_EQ(script[0].text, R"(UPDATE "orders" SET "fence" = ?1 WHERE "id" = ?2 AND "fence" < ?1 RETURNING "price")");
    EXPECT_EQ(script[0].parameters, (parameters{token, id}));
    EXPECT_EQ(script[0].rows, sql_rows::returned);
}

TEST(sql_fence, EntersWithAnUpdateAndALockingReadInMysql)
{
    const auto script = fence_of(sql_dialect::mysql).enter({"price"});
    ASSERT_EQ(script.size(), 2U);
    EXPECT_EQ(script[0].text, "UPDATE `orders` SET `fence` = ? WHERE `id` = ? AND `fence` < ?");
    EXPECT_EQ(script[0].parameters, (parameters{token, id, token}));
    EXPECT_EQ(script[0].rows, sql_rows::changed) << "the read alone would let the same token enter twice";
    EXPECT_EQ(script[1].text, "SELECT `price` FROM `orders` WHERE `id` = ? AND `fence` = ? FOR UPDATE");
    EXPECT_EQ(script[1].parameters, (parameters{id, token}));
    EXPECT_EQ(script[1].rows, sql_rows::returned);
}

TEST(sql_fence, ReturnsTheFenceToOneWhoWantsNoColumn)
{
    EXPECT_THAT(fence_of(sql_dialect::sqlite).enter()[0].text, HasSubstr(R"(RETURNING "fence")"));
}

TEST(sql_fence, LetsTheSameTurnEnterAgain)
{
    EXPECT_THAT(fence_of(sql_dialect::postgresql).enter_again()[0].text, HasSubstr(R"("fence" <= $1)"));
    EXPECT_THAT(fence_of(sql_dialect::mysql).enter_again()[0].text, HasSubstr("`fence` <= ?"));
    EXPECT_EQ(fence_of(sql_dialect::mysql).enter_again()[0].rows, sql_rows::ignored) << "0 when the fence stays as it is";
}

TEST(sql_fence, WritesWithEquality)
{
    const auto script = fence_of(sql_dialect::postgresql).write({"price", "status"});
    ASSERT_EQ(script.size(), 1U);
    EXPECT_EQ(script[0].text, R"(UPDATE "orders" SET "price" = $1, "status" = $2 WHERE "id" = $3 AND "fence" = $4)");
    EXPECT_EQ(script[0].parameters, (parameters{column("price"), column("status"), id, token}));
    EXPECT_EQ(script[0].rows, sql_rows::changed);
}

TEST(sql_fence, WritesInMysqlWithoutTrustInItsCount)
{
    const auto script = fence_of(sql_dialect::mysql).write({"price"});
    ASSERT_EQ(script.size(), 2U);
    EXPECT_EQ(script[0].text, "UPDATE `orders` SET `price` = ? WHERE `id` = ? AND `fence` = ?");
    EXPECT_EQ(script[0].parameters, (parameters{column("price"), id, token}));
    EXPECT_EQ(script[0].rows, sql_rows::ignored);
    EXPECT_EQ(script[1].text, "SELECT `fence` FROM `orders` WHERE `id` = ? AND `fence` = ? FOR UPDATE");
    EXPECT_EQ(script[1].rows, sql_rows::returned);
}

TEST(sql_fence, ErasesWithEquality)
{
    for (const auto d : {sql_dialect::sqlite, sql_dialect::mysql}) {
        const auto script = fence_of(d).erase();
        ASSERT_EQ(script.size(), 1U);
        EXPECT_THAT(script[0].text, HasSubstr("DELETE FROM"));
        EXPECT_EQ(script[0].parameters, (parameters{id, token}));
        EXPECT_EQ(script[0].rows, sql_rows::changed);
    }
}

TEST(sql_fence, AddsAColumnOf64Bits)
{
    EXPECT_EQ(fence_of(sql_dialect::mysql).add_column().text,
              "ALTER TABLE `orders` ADD COLUMN `fence` BIGINT NOT NULL DEFAULT 0");
}

TEST(sql_fence, QuotesSchemaAndTableOneByOne)
{
    EXPECT_THAT((sql_fence{sql_dialect::postgresql, {"shop.order"}}.erase()[0].text),
                HasSubstr(R"(DELETE FROM "shop"."order" WHERE)"));
    EXPECT_THAT((sql_fence{sql_dialect::mysql, {"shop.order"}}.erase()[0].text),
                HasSubstr("DELETE FROM `shop`.`order` WHERE"));
}

TEST(sql_fence, RefusesNamesThatAreNotNames)
{
    const std::vector<std::string> bad{"",
                                       "1st",
                                       "a-b",
                                       "a b",
                                       "x\"; DROP TABLE orders; --",
                                       "`",
                                       std::string(64, 'a'),
                                       "\xc3\xa4",
                                       "a.b",
                                       std::string("a\0b", 3)};
    for (const auto& name : bad) {
        const auto no_id = refusal(errc::bad_argument, [&] { sql_fence{sql_dialect::sqlite, {"orders", name, "fence"}}; });
        EXPECT_THAT(no_id, HasSubstr("(id: letters, digits and underscores, no digit first, up to 63 bytes)")) << name;
        const auto no_fence = refusal(errc::bad_argument, [&] { sql_fence{sql_dialect::sqlite, {"orders", "id", name}}; });
        EXPECT_THAT(no_fence, HasSubstr("(fence: ")) << name;
        const auto no_read = refusal(errc::bad_argument, [&] { fence_of(sql_dialect::sqlite).enter({name}); });
        EXPECT_THAT(no_read, HasSubstr("enter (column: ")) << name;
        const auto no_write = refusal(errc::bad_argument, [&] { fence_of(sql_dialect::sqlite).write({name}); });
        EXPECT_THAT(no_write, HasSubstr("write (column: ")) << name;
    }
    for (const std::string name : {"", ".", "a.", ".a", "a.b.c", "a.b-c"})
        EXPECT_THAT(refusal(errc::bad_argument,
                            [&] {
                                sql_fence{sql_dialect::sqlite, {name}};
                            }),
                    HasSubstr("(table: "))
            << name;
    EXPECT_NO_THROW((sql_fence{sql_dialect::sqlite, {std::string(63, 'a') + "." + std::string(63, 'b')}}));
}

TEST(sql_fence, RefusesToWriteWhatMakesNoSense)
{
    const auto f = fence_of(sql_dialect::sqlite);
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.write({}); }), HasSubstr("columns: at least one"));
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.write({"a", "b", "a"}); }), HasSubstr("'a' is there twice"));
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.write({"fence"}); }), HasSubstr("'fence'"));
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.write({"id"}); }), HasSubstr("'id'"));
    std::vector<std::string> many;
    for (std::size_t i = 0; i <= sql_columns_max; ++i)
        many.push_back("c" + std::to_string(i));
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.write(many); }), HasSubstr("columns: up to 100"));
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.enter(many); }), HasSubstr("columns: up to 100"));
    EXPECT_THAT(refusal(errc::bad_argument,
                        [&] {
                            sql_fence{sql_dialect::sqlite, {"t", "x", "x"}};
                        }),
                HasSubstr("fence: a column of its own"));
}

TEST(sql_fence, SaysWhoWasFencedWhere)
{
    const auto f = fence_of(sql_dialect::sqlite);
    const auto told = refusal(errc::fenced, [&] { f.entered(0, 42, 7); });
    EXPECT_THAT(told, HasSubstr("enter orders id = 42 (token 7; or there is no such row)"));
    EXPECT_THAT(refusal(errc::fenced, [&] { f.wrote(0, "A-42", 7); }), HasSubstr("write orders id = A-42 (token 7"));
    EXPECT_NO_THROW(f.entered(1, 42, 7));
    EXPECT_NO_THROW(f.wrote(1, 42, 7));
}

TEST(sql_fence, TellsRowsThatCannotBeFromAFence)
{
    const auto f = fence_of(sql_dialect::sqlite);
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.wrote(2, 42, 7); }), HasSubstr("2 rows: the column id is not unique"));
    EXPECT_THAT(refusal(errc::bad_argument, [&] { f.entered(-1, 42, 7); }), HasSubstr("the driver has not counted them"));
}

TEST(sql_tables, TellAFirstFromASecondByTheRowsChanged)
{
    EXPECT_TRUE(sql_inbox::first(1));
    EXPECT_FALSE(sql_inbox::first(0));
    EXPECT_FALSE(sql_once::first(2)) << "MySQL's count of an update instead of an insert";
    EXPECT_THAT(refusal(errc::bad_argument, [] { sql_inbox::first(-1); }), HasSubstr("rows: 0 to 2"));
    EXPECT_THAT(refusal(errc::bad_argument, [] { sql_once::first(3); }), HasSubstr("rows: 0 to 2"));
}

TEST(sql_tables, RefuseKeysThatADatabaseWouldCut)
{
    EXPECT_NO_THROW(check_sql_key(std::string(255, 'k')));
    EXPECT_THAT(refusal(errc::bad_argument, [] { check_sql_key(std::string(256, 'k')); }), HasSubstr("key: 1 to 255 bytes"));
    EXPECT_THAT(refusal(errc::bad_argument, [] { check_sql_key(""); }), HasSubstr("key: 1 to 255 bytes"));
    EXPECT_THAT(refusal(errc::bad_argument,
                        [] {
                            sql_inbox{sql_dialect::sqlite, "in box"};
                        }),
                HasSubstr("sql_inbox (table: "));
}

TEST(sql_tables, InsertWithoutAnErrorWhereTheRowIsThere)
{
    EXPECT_EQ(sql_inbox{sql_dialect::postgresql}.insert().text,
              R"(INSERT INTO "turnstile_inbox" ("message", "at") VALUES ($1, $2) ON CONFLICT ("message") DO NOTHING)");
    EXPECT_EQ(sql_once{sql_dialect::mysql}.claim().text,
              "INSERT INTO `turnstile_once` (`key`, `fingerprint`, `at`) VALUES (?, ?, ?) "
              "ON DUPLICATE KEY UPDATE `times` = `times` + 1");
    EXPECT_EQ(sql_turn_log{sql_dialect::postgresql}.append().parameters,
              (parameters{column("key"), token, column("operation"), column("at")}));
}

}  // namespace

}  // namespace turnstile
