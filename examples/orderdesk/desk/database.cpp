#include "database.hpp"

#include "database_engine.hpp"

#include <utility>

namespace orderdesk {

namespace {

constexpr std::string_view postgres_scheme = "postgresql:";

std::unique_ptr<database_engine> open(const std::string& where)
{
    if (where.starts_with(postgres_scheme))
        return open_postgres(where.substr(postgres_scheme.size()));
    if (where.starts_with(durable_scheme))
        return open_sqlite(where.substr(durable_scheme.size()), sqlite_commits::on_the_disk);
    return open_sqlite(where, sqlite_commits::in_memory);
}

}  // namespace

statement::statement(std::unique_ptr<statement_engine> engine) : engine_{std::move(engine)} {}

statement::statement(statement&&) noexcept = default;
statement& statement::operator=(statement&&) noexcept = default;
statement::~statement() = default;

statement& statement::bind(const char* name, std::int64_t value) { return bind(parameter(name), value); }

statement& statement::bind(const char* name, std::string_view value) { return bind(parameter(name), value); }

statement& statement::bind(int position, std::int64_t value)
{
    engine_->bind(position, value);
    return *this;
}

statement& statement::bind(int position, std::string_view value)
{
    engine_->bind(position, value);
    return *this;
}

bool statement::step() { return engine_->step(); }

void statement::run()
{
    while (step())
        ;
}

std::int64_t statement::integer(std::string_view column) const { return engine_->integer(index(column)); }

std::string statement::text(std::string_view column) const { return engine_->text(index(column)); }

bool statement::is_null(std::string_view column) const { return engine_->is_null(index(column)); }

int statement::parameter(const char* name) const
{
    const int at = engine_->parameter(name);
    if (at == 0)
        throw database_error{std::string{"no parameter "} + name + " in: " + engine_->sql()};
    return at;
}

int statement::index(std::string_view column) const
{
    const int at = engine_->column(column);
    if (at < 0)
        throw database_error{"no column " + std::string{column} + " in: " + engine_->sql()};
    return at;
}

database::database(const std::string& where) : engine_{open(where)} {}

database::database(database&&) noexcept = default;
database& database::operator=(database&&) noexcept = default;
database::~database() = default;

turnstile::sql_dialect database::dialect() const { return engine_->dialect(); }

statement database::prepare(std::string_view sql) { return statement{engine_->prepare(sql)}; }

void database::run(const std::string& sql) { engine_->run(sql); }

void database::attach(const std::string& file, std::string_view name)
{
    prepare("ATTACH :file AS " + std::string{name}).bind(":file", file).run();
}

std::int64_t database::changes() const { return engine_->changes(); }

transaction::transaction(database& db) : db_{db}
{
    db_.run(db.dialect() == turnstile::sql_dialect::sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
}

transaction::~transaction()
{
    if (!open_)
        return;
    try {
        db_.run("ROLLBACK");
    } catch (const database_error&) {  // some errors roll back by themselves; then there is nothing left to undo
    }
}

void transaction::commit()
{
    db_.run("COMMIT");
    open_ = false;
}

}  // namespace orderdesk
