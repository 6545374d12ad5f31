#include "order_databases.hpp"

#include "desk/database.hpp"
#include "desk/order_book.hpp"

#include <algorithm>

namespace orderdesk {

namespace {

constexpr auto file_name = "orders.db";

turnstile::testing::database_options options(bool durable)
{
    turnstile::testing::database_options o;
    o.fsync = durable;
    return o;
}

}  // namespace

order_databases::order_databases(bool postgres, bool durable) : durable_{durable}
{
    if (postgres)
        server_.emplace(turnstile::testing::database_kind::postgresql, options(durable));
}

std::string order_databases::make_for(const std::filesystem::path& dir) const
{
    if (!server_)
        return (durable_ ? std::string{durable_scheme} : std::string{}) + (dir / file_name).string();
    auto name = dir.filename().string();
    std::ranges::replace(name, '-', '_');
    database server{address("postgres")};
    server.run("DROP DATABASE IF EXISTS " + name);
    server.run("CREATE DATABASE " + name);
    return address(name);
}

void order_databases::bring_into_a_file(const std::string& where, const std::filesystem::path& dir) const
{
    if (!server_)
        return;
    database from{where};
    database to{dir / file_name};
    copy_orders(from, to);
}

std::string order_databases::address(const std::string& database) const
{
    return "postgresql:host=" + server_->socket_directory().string() + " user=" + server_->user() + " dbname=" + database;
}

}  // namespace orderdesk
