#include "fenced_order.hpp"

#include "order_book.hpp"

namespace orderdesk::fenced_order {

std::optional<order> enter(database& db, order_id id, turnstile::fencing_token token)
{
    auto entering = db.prepare(
        "UPDATE orders SET fence = :t WHERE id = :id AND fence < :t "
        "RETURNING id, price, quote, status, psp_key");
    entering.bind(":t", token).bind(":id", id);
    if (!entering.step())
        return std::nullopt;
    order read = order_of(entering);
    entering.run();
    return read;
}

bool write(database& db, const order& o, turnstile::fencing_token token)
{
    db.prepare(
          "UPDATE orders SET price = :price, quote = :quote, status = :status, psp_key = :psp_key "
          "WHERE id = :id AND fence = :t")
        .bind(":price", o.price)
        .bind(":quote", o.quote)
        .bind(":status", o.status)
        .bind(":psp_key", o.psp_key)
        .bind(":id", o.id)
        .bind(":t", token)
        .run();
    return db.changes() == 1;
}

}  // namespace orderdesk::fenced_order
