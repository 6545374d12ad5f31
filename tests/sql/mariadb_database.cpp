#include "database_under_test.hpp"

#include <turnstile/testing/database_server.hpp>

#include <errmsg.h>
#include <mysql.h>

#include <array>
#include <cstring>

namespace turnstile {

namespace {

class mariadb_connection final : public sql_connection {
public:
    mariadb_connection(const testing::database_server& server, unsigned long flags)
        : handle_{mysql_init(nullptr), mysql_close}
    {
        if (mysql_real_connect(handle_.get(), nullptr, server.user(), "", nullptr, 0, server.socket().c_str(), flags) ==
            nullptr)
            throw sql_error{mysql_error(handle_.get())};
        run("CREATE DATABASE IF NOT EXISTS turnstile");
        run("USE turnstile");
    }

    sql_outcome run(const sql_statement& s, const sql_values& values) override
    {
        const std::unique_ptr<MYSQL_STMT, my_bool (*)(MYSQL_STMT*)> owned{mysql_stmt_init(handle_.get()), mysql_stmt_close};
        auto* statement = owned.get();
        check(statement, mysql_stmt_prepare(statement, s.text.c_str(), s.text.size()));

        std::vector<MYSQL_BIND> bound(s.parameters.size());
        std::vector<std::string> texts(s.parameters.size());
        std::vector<std::int64_t> numbers(s.parameters.size());
        for (std::size_t i = 0; i < bound.size(); ++i) {
            std::memset(&bound[i], 0, sizeof bound[i]);
            const auto& p = s.parameters[i];
            if (p.is == sql_parameter::kind::column) {
                texts[i] = values.columns.at(p.name);
                bound[i].buffer_type = MYSQL_TYPE_STRING;
                bound[i].buffer = texts[i].data();
                bound[i].buffer_length = texts[i].size();
            } else {
                numbers[i] = p.is == sql_parameter::kind::token ? values.token : values.id;
                bound[i].buffer_type = MYSQL_TYPE_LONGLONG;
                bound[i].buffer = &numbers[i];
            }
        }
        if (!bound.empty() && mysql_stmt_bind_param(statement, bound.data()) != 0)
            throw sql_error{mysql_stmt_error(statement)};
        check(statement, mysql_stmt_execute(statement));

        sql_outcome outcome;
        if (const auto columns = mysql_stmt_field_count(statement); columns != 0)
            fetch(statement, columns, outcome);
        outcome.rows = s.rows == sql_rows::returned ? static_cast<std::int64_t>(outcome.table.size())
                                                    : static_cast<std::int64_t>(mysql_stmt_affected_rows(statement));
        return outcome;
    }
    using sql_connection::run;

private:
    static void check(MYSQL_STMT* statement, int failed)
    {
        if (failed != 0)
            throw sql_error{mysql_stmt_error(statement)};
    }

    static void fetch(MYSQL_STMT* statement, unsigned columns, sql_outcome& outcome)
    {
        constexpr std::size_t widest = 1024;
        std::vector<MYSQL_BIND> cells(columns);
        std::vector<std::array<char, widest>> buffers(columns);
        std::vector<unsigned long> lengths(columns);
        std::vector<my_bool> nulls(columns);
        for (unsigned i = 0; i < columns; ++i) {
            std::memset(&cells[i], 0, sizeof cells[i]);
            cells[i].buffer_type = MYSQL_TYPE_STRING;
            cells[i].buffer = buffers[i].data();
            cells[i].buffer_length = widest;
            cells[i].length = &lengths[i];
            cells[i].is_null = &nulls[i];
        }
        mysql_stmt_bind_result(statement, cells.data());
        int rc = 0;
        while ((rc = mysql_stmt_fetch(statement)) == 0) {
            auto& row = outcome.table.emplace_back();
            for (unsigned i = 0; i < columns; ++i)
                row.push_back(nulls[i] != 0 ? "NULL" : std::string{buffers[i].data(), lengths[i]});
        }
        check(statement, rc == MYSQL_NO_DATA ? 0 : 1);
    }

    std::unique_ptr<MYSQL, void (*)(MYSQL*)> handle_;
};

class mariadb_database final : public sql_database {
public:
    explicit mariadb_database(unsigned long flags) : flags_{flags} {}

    sql_dialect dialect() const override { return sql_dialect::mysql; }
    std::unique_ptr<sql_connection> connect() override { return std::make_unique<mariadb_connection>(*server(), flags_); }

private:
    /// One for both ways to count.
    static const std::shared_ptr<testing::database_server>& server()
    {
        static const auto the_one = std::make_shared<testing::database_server>(testing::database_kind::mariadb);
        return the_one;
    }

    unsigned long flags_;
};

}  // namespace

std::unique_ptr<sql_database> open_mariadb(bool count_matches)
{
    if (const auto why = testing::database_server::missing(testing::database_kind::mariadb); !why.empty())
        throw std::runtime_error{why};
    return std::make_unique<mariadb_database>(count_matches ? CLIENT_FOUND_ROWS : 0UL);
}

}  // namespace turnstile
