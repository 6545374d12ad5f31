#include "database_engine.hpp"

#ifdef ORDERDESK_POSTGRES

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

namespace orderdesk {

namespace {

constexpr Oid int8_type = 20;  // pg_type.h is for servers
constexpr Oid text_type = 25;

using result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

[[noreturn]] void fail(const char* why, std::string_view sql)
{
    throw database_error{std::string{why} + " in: " + std::string{sql}};
}

result checked(PGresult* r, std::string_view sql)
{
    result owned{r, PQclear};
    const auto status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail(PQresultErrorMessage(r), sql);
    return owned;
}

std::int64_t to_integer(std::string_view text)
{
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// `:name` becomes `$n`; the n-th name is the n-th parameter.
class numbered {
public:
    explicit numbered(std::string_view sql)
    {
        bool quoted = false;
        for (std::size_t i = 0; i < sql.size(); ++i) {
            quoted ^= sql[i] == '\'';
            if (quoted || sql[i] != ':' || i + 1 == sql.size() ||
                std::isalpha(static_cast<unsigned char>(sql[i + 1])) == 0) {
                text_ += sql[i];
                continue;
            }
            std::size_t end = i + 1;
            while (end < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[end])) != 0 || sql[end] == '_'))
                ++end;
            text_ += "$" + std::to_string(position(sql.substr(i, end - i)));
            i = end - 1;
        }
    }

    const std::string& text() const noexcept { return text_; }
    std::size_t count() const noexcept { return names_.size(); }
    int find(std::string_view name) const
    {
        const auto at = std::ranges::find(names_, name);
        return at == names_.end() ? 0 : static_cast<int>(at - names_.begin()) + 1;
    }

private:
    int position(std::string_view name)
    {
        if (const int known = find(name); known != 0)
            return known;
        names_.emplace_back(name);
        return static_cast<int>(names_.size());
    }

    std::string text_;
    std::vector<std::string> names_;
};

class postgres_statement final : public statement_engine {
public:
    postgres_statement(PGconn* connection, std::string_view sql, std::int64_t& changes)
        : connection_{connection}, changes_{changes}, sql_{sql}, numbered_{sql}
    {
    }

    const std::string& sql() const override { return sql_; }
    int parameter(const std::string& name) const override { return numbered_.find(name); }
    void bind(int position, std::int64_t value) override { bind(position, std::to_string(value), int8_type); }
    void bind(int position, std::string_view value) override { bind(position, std::string{value}, text_type); }

    bool step() override
    {
        if (!rows_)
            execute();
        else
            ++row_;
        return row_ < PQntuples(rows_->get());
    }

    int column(std::string_view name) const override
    {
        for (int i = 0; i < PQnfields(rows()); ++i)
            if (name == PQfname(rows(), i))
                return i;
        return -1;
    }
    std::int64_t integer(int column) const override { return to_integer(text(column)); }
    std::string text(int column) const override { return PQgetvalue(rows(), row_, column); }
    bool is_null(int column) const override { return PQgetisnull(rows(), row_, column) != 0; }

private:
    struct parameter_value {
        std::optional<std::string> text;
        Oid type = 0;  // NULL is of whatever type is wanted
    };

    void bind(int position, std::string text, Oid type)
    {
        const auto count = static_cast<std::size_t>(position);
        if (values_.size() < count)
            values_.resize(count);
        values_[count - 1] = {std::move(text), type};
    }

    void execute()
    {
        std::vector<Oid> types;
        std::vector<const char*> texts;
        // Parameters that nobody has bound are NULL, as in SQLite.
        values_.resize(std::max(values_.size(), numbered_.count()));
        for (const auto& v : values_) {
            types.push_back(v.type);
            texts.push_back(v.text ? v.text->c_str() : nullptr);
        }
        rows_ = checked(PQexecParams(connection_, numbered_.text().c_str(), static_cast<int>(texts.size()), types.data(),
                                     texts.data(), nullptr, nullptr, 0),
                        sql_);
        changes_ = to_integer(PQcmdTuples(rows_->get()));
    }

    PGresult* rows() const
    {
        if (!rows_)
            throw database_error{"no row yet of: " + sql_};
        return rows_->get();
    }

    PGconn* connection_;
    std::int64_t& changes_;
    std::string sql_;
    numbered numbered_;
    std::vector<parameter_value> values_;
    std::optional<result> rows_;
    int row_ = 0;
};

class postgres_database final : public database_engine {
public:
    explicit postgres_database(const std::string& where) : connection_{PQconnectdb(where.c_str()), PQfinish}
    {
        if (PQstatus(connection_.get()) != CONNECTION_OK)
            fail(PQerrorMessage(connection_.get()), "connect " + where);
        PQsetNoticeProcessor(
            connection_.get(), [](void*, const char*) {}, nullptr);
    }

    turnstile::sql_dialect dialect() const override { return turnstile::sql_dialect::postgresql; }
    std::unique_ptr<statement_engine> prepare(std::string_view sql) override
    {
        return std::make_unique<postgres_statement>(connection_.get(), sql, changes_);
    }
    void run(const std::string& sql) override { checked(PQexec(connection_.get(), sql.c_str()), sql); }
    std::int64_t changes() const override { return changes_; }

private:
    std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
    std::int64_t changes_ = 0;
};

}  // namespace

std::unique_ptr<database_engine> open_postgres(const std::string& where)
{
    return std::make_unique<postgres_database>(where);
}

}  // namespace orderdesk

#else

namespace orderdesk {

std::unique_ptr<database_engine> open_postgres(const std::string&)
{
    throw database_error{
        "this order desk was built without PostgreSQL's client library; on Debian: apt-get install libpq-dev, and configure "
        "again"};
}

}  // namespace orderdesk

#endif
