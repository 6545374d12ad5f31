// A database that is asked to keep what it acknowledges says that it does.
#include "desk/database.hpp"
#include "front/order_databases.hpp"

#include <turnstile/testing/database_server.hpp>
#include <turnstile/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace {

using namespace orderdesk;

/// SQLite's own numbers.
constexpr int normal = 1;
constexpr int full = 2;

std::int64_t synchronous(const std::string& where)
{
    database db{where};
    auto asked = db.prepare("PRAGMA synchronous");
    EXPECT_TRUE(asked.step());
    return asked.integer("synchronous");
}

TEST(durable_database, ForcesAFileToTheDiskOnlyWhenAskedTo)
{
    const turnstile::testing::temporary_directory dir{"durable"};
    EXPECT_EQ(synchronous(order_databases(false, false).make_for(dir.path())), normal);
    EXPECT_EQ(synchronous(order_databases(false, true).make_for(dir.path())), full);
}

#ifdef ORDERDESK_POSTGRES

std::string fsync_of(const std::string& where)
{
    database db{where};
    auto asked = db.prepare("SHOW fsync");
    EXPECT_TRUE(asked.step());
    return asked.text("fsync");
}

TEST(durable_database, LetsPostgresqlDoTheSame)
{
    using turnstile::testing::database_kind;
    using turnstile::testing::database_server;
    if (const auto why = database_server::missing(database_kind::postgresql); !why.empty())
        GTEST_SKIP() << why;
    const order_databases careless{true, false};
    const order_databases durable{true, true};
    EXPECT_EQ(fsync_of(careless.make_for("careless")), "off");
    EXPECT_EQ(fsync_of(durable.make_for("durable")), "on");
}

#endif

}  // namespace
