#include "fenced_order.hpp"

#include "order_book.hpp"

#include <turnstile/recipes/sql_fence.hpp>

namespace orderdesk::fenced_order {

namespace {

turnstile::sql_fence orders_of(const database& db) { return {db.dialect(), {"orders", "id", "fence"}}; }

/// Neither SQLite nor PostgreSQL needs more than one.
statement prepared(database& db, const turnstile::sql_script& script, const order& o, turnstile::fencing_token token)
{
    using kind = turnstile::sql_parameter::kind;
    auto s = db.prepare(script.front().text);
    int position = 0;
    for (const auto& p : script.front().parameters) {
        ++position;
        if (p.is == kind::token)
            s.bind(position, token);
        else if (p.is == kind::id)
            s.bind(position, o.id);
        else if (p.name == "price")
            s.bind(position, o.price);
        else if (p.name == "quote")
            s.bind(position, o.quote);
        else
            s.bind(position, std::string_view{p.name == "status" ? o.status : o.psp_key});
    }
    return s;
}

}  // namespace

std::optional<order> enter(database& db, order_id id, turnstile::fencing_token token)
{
    order wanted;
    wanted.id = id;
    auto entering = prepared(db, orders_of(db).enter({"id", "price", "quote", "status", "psp_key"}), wanted, token);
    if (!entering.step())
        return std::nullopt;
    order read = order_of(entering);
    entering.run();
    return read;
}

bool write(database& db, const order& o, turnstile::fencing_token token)
{
    prepared(db, orders_of(db).write({"price", "quote", "status", "psp_key"}), o, token).run();
    return db.changes() == 1;
}

}  // namespace orderdesk::fenced_order
