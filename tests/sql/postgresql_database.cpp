#include "database_under_test.hpp"

#include <turnstile/testing/database_server.hpp>

#include <libpq-fe.h>

namespace turnstile {

namespace {

class postgresql_connection final : public sql_connection {
public:
    explicit postgresql_connection(const std::string& where) : handle_{PQconnectdb(where.c_str()), PQfinish}
    {
        if (PQstatus(handle_.get()) != CONNECTION_OK)
            throw sql_error{PQerrorMessage(handle_.get())};
        PQsetNoticeProcessor(
            handle_.get(), [](void*, const char*) {}, nullptr);
    }

    sql_outcome run(const sql_statement& s, const sql_values& values) override
    {
        std::vector<std::string> texts;
        for (const auto& p : s.parameters) {
            if (p.is == sql_parameter::kind::column)
                texts.push_back(values.columns.at(p.name));
            else
                texts.push_back(std::to_string(p.is == sql_parameter::kind::token ? values.token : values.id));
        }
        std::vector<const char*> pointers;
        for (const auto& t : texts)
            pointers.push_back(t.c_str());
        const std::unique_ptr<PGresult, void (*)(PGresult*)> result{
            PQexecParams(handle_.get(), s.text.c_str(), static_cast<int>(pointers.size()), nullptr, pointers.data(), nullptr,
                         nullptr, 0),
            PQclear};
        const auto status = PQresultStatus(result.get());
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            throw sql_error{PQresultErrorMessage(result.get())};

        sql_outcome outcome;
        for (int row = 0; row < PQntuples(result.get()); ++row) {
            auto& cells = outcome.table.emplace_back();
            for (int i = 0; i < PQnfields(result.get()); ++i)
                cells.emplace_back(PQgetisnull(result.get(), row, i) != 0 ? "NULL" : PQgetvalue(result.get(), row, i));
        }
        const std::string changed = PQcmdTuples(result.get());
        outcome.rows = s.rows == sql_rows::returned ? PQntuples(result.get()) : changed.empty() ? 0 : std::stoll(changed);
        return outcome;
    }
    using sql_connection::run;

private:
    std::unique_ptr<PGconn, void (*)(PGconn*)> handle_;
};

class postgresql_database final : public sql_database {
public:
    sql_dialect dialect() const override { return sql_dialect::postgresql; }
    std::unique_ptr<sql_connection> connect() override
    {
        return std::make_unique<postgresql_connection>("host=" + server_.socket_directory().string() +
                                                       " user=" + server_.user() + " dbname=postgres");
    }

private:
    testing::database_server server_{testing::database_kind::postgresql};
};

}  // namespace

std::unique_ptr<sql_database> open_postgresql() { return std::make_unique<postgresql_database>(); }

}  // namespace turnstile
