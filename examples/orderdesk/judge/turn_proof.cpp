#include "turn_proof.hpp"

#include "desk/database.hpp"
#include "rules.hpp"

namespace orderdesk {

namespace {

constexpr rule outside_a_turn{"outside", "change outside a turn", scope::all, R"(
    WITH spans AS (SELECT *, lead(began) OVER (PARTITION BY key ORDER BY began) AS next FROM turns)
    SELECT printf('entry %d: order %d %s at %.2f, "%s", by %s for %s, token %s', h.seq, h.order_id, h.action, h.price / 100.0,
                  h.status, h.process, h.request, coalesce(h.fence, 'none')) AS what
      FROM history h
     WHERE h.action <> 'opened'
       AND NOT EXISTS (SELECT 1 FROM spans s WHERE s.key = 'order/' || h.order_id AND s.token = h.fence
                          AND h.seq >= s.began AND (s.next IS NULL OR h.seq < s.next))
     ORDER BY h.seq)"};

constexpr rule past_the_history{"past", "order that is not as its last change left it", scope::all, R"(
    SELECT printf('order %d says %.2f, quote %d, "%s", fence %d; its last change (entry %d) says %.2f, quote %d, "%s", fence %s',
                  o.id, o.price / 100.0, o.quote, o.status, o.fence, h.seq, h.price / 100.0, h.quote, h.status,
                  coalesce(h.fence, 'none')) AS what
      FROM orders o
      JOIN history h ON h.seq = (SELECT max(seq) FROM history WHERE order_id = o.id)
     WHERE o.price <> h.price OR o.quote <> h.quote OR o.status <> h.status OR o.fence <> coalesce(h.fence, -1)
     ORDER BY o.id)"};

std::int64_t number(database& book, std::string_view sql)
{
    auto asking = book.prepare(sql);
    return asking.step() ? asking.integer("n") : 0;
}

}  // namespace

turn_proof prove_turns(const std::filesystem::path& dir)
{
    const auto file = dir / "orders.db";
    if (!std::filesystem::exists(file))
        throw database_error{"no book: " + file.string()};
    database book{file.string()};
    turn_proof p;
    p.turns = number(book, "SELECT count(*) AS n FROM turns");
    p.rows = number(book, "SELECT count(*) AS n FROM history WHERE action <> 'opened'");
    for (const auto& r : {outside_a_turn, past_the_history}) {
        auto f = look_for(book, r);
        p.outside += f.anomalies;
        p.examples.insert(p.examples.end(), f.examples.begin(), f.examples.end());
    }
    return p;
}

}  // namespace orderdesk
