#include "rules.hpp"

#include <cstddef>

namespace orderdesk {

const std::vector<rule>& rules()
{
    static const std::vector<rule> all{
        {"wrong_amount", "charged another price than the order shows", scope::all, R"(
            -- The order's last word is what was captured, at the quote that was captured; and no order is paid for nothing.
            SELECT printf('order %d: charged %.2f for quote %d, and it says %.2f, quote %d, %s', c.order_id,
                          c.amount / 100.0, c.quote, o.price / 100.0, o.quote, o.status) AS what
              FROM psp.captures c LEFT JOIN orders o ON o.id = c.order_id
             WHERE o.id IS NULL OR o.status <> 'paid' OR o.price <> c.amount OR o.quote <> c.quote
            UNION ALL
            SELECT printf('order %d: paid, and nothing was charged', o.id) FROM orders o
             WHERE o.status = 'paid' AND NOT EXISTS (SELECT 1 FROM psp.captures c WHERE c.order_id = o.id))"},

        {"quote_price", "charged another price than that of the quote", scope::all, R"(
            SELECT printf('order %d: charged %.2f for quote %d, which never was at that price', c.order_id, c.amount / 100.0,
                          c.quote) AS what
              FROM psp.captures c
             WHERE NOT EXISTS (SELECT 1 FROM history h
                                WHERE h.order_id = c.order_id AND h.quote = c.quote AND h.price = c.amount))"},

        {"total", "charged in total, other than what paid orders say", scope::all, R"(
            SELECT printf('charged %.2f in all, and paid orders say %.2f', charged / 100.0, paid / 100.0) AS what
              FROM (SELECT (SELECT coalesce(sum(amount), 0) FROM psp.captures) AS charged,
                           (SELECT coalesce(sum(price), 0) FROM orders WHERE status = 'paid') AS paid)
             WHERE charged <> paid)"},

        {"charged_twice", "charged twice", scope::all, R"(
            SELECT printf('order %d: charged %d times, %.2f in all', order_id, count(*), sum(amount) / 100.0) AS what
              FROM psp.captures GROUP BY order_id HAVING count(*) > 1)"},

        {"lost_edit", "edit acknowledged, then overwritten unseen", scope::all, R"(
            -- The first entry that changed the price again was written by somebody who had not seen the edit.
            SELECT printf('order %d: %s set %.2f, and %s wrote %.2f over it without having seen it', e.order_id, e.request,
                          e.price / 100.0, w.request, w.price / 100.0) AS what
              FROM history e
              JOIN history w ON w.seq = (SELECT min(n.seq) FROM history n
                                          WHERE n.order_id = e.order_id AND n.seq > e.seq AND n.price <> e.price)
             WHERE e.action = 'edited' AND w.seen < e.seq
               AND EXISTS (SELECT 1 FROM buyers.answers a WHERE a.request = e.request AND a.outcome = 'edited'))"},

        {"edit_after_paid", "price edited after the order was paid", scope::all, R"(
            SELECT printf('order %d: %s set %.2f after it was paid', e.order_id, e.request, e.price / 100.0) AS what
              FROM history e
             WHERE e.action = 'edited'
               AND EXISTS (SELECT 1 FROM history p WHERE p.order_id = e.order_id AND p.seq < e.seq AND p.action = 'paid'))"},

        {"status_path", "illegal step of the status", scope::all, R"(
            -- awaiting payment -> paying -> paid. What an edit after PAID does to the status is counted above. Who checks
            -- the version of the row at the end does not say "paying" first.
            SELECT printf('order %d: from "%s" to "%s" by %s', order_id, before, status, request) AS what
              FROM (SELECT *, lag(status) OVER turns AS before,
                           max(action = 'paid') OVER (turns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS was_paid
                      FROM history WINDOW turns AS (PARTITION BY order_id ORDER BY seq))
             WHERE (before IS NULL AND status <> 'awaiting payment')
                OR (before <> status AND NOT (action = 'edited' AND was_paid)
                    AND (before, status) NOT IN (VALUES ('awaiting payment', 'paying'), ('paying', 'paid'))
                    AND NOT (before = 'awaiting payment' AND status = 'paid' AND (SELECT guard FROM run) = 'version')))"},

        {"answered_once", "request not answered exactly once", scope::all, R"(
            SELECT printf('%s was answered %d times', q.request, count(a.request)) AS what
              FROM buyers.asked q LEFT JOIN buyers.answers a ON a.request = q.request
             GROUP BY q.request HAVING count(a.request) <> 1
            UNION ALL
            SELECT printf('%s was answered, and never asked', a.request) FROM buyers.answers a
             WHERE a.request NOT IN (SELECT request FROM buyers.asked))"},

        {"untrue_answer", "acknowledged, but not in the books", scope::all, R"(
            SELECT printf('%s was told "%s"', a.request, a.outcome) AS what FROM buyers.answers a
             WHERE a.outcome IN ('paid', 'edited')
               AND NOT EXISTS (SELECT 1 FROM history h WHERE h.request = a.request AND h.action = a.outcome))"},

        {"fence", "fencing tokens not strictly increasing", scope::fenced, R"(
            -- Each turn enters with a token above all before it, and writes with just this one.
            SELECT printf('order %d: %s %s with token %s after %d', order_id, request, action,
                          coalesce(fence, 'none'), highest) AS what
              FROM (SELECT *, coalesce(max(fence) OVER (PARTITION BY order_id ORDER BY seq
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS highest FROM history)
             WHERE action <> 'opened'
               AND (fence IS NULL OR (action = 'entered' AND fence <= highest) OR (action <> 'entered' AND fence <> highest)))"},

        {"linear", "written on top of an unseen change", scope::serialised, R"(
            SELECT printf('order %d: %s %s and had seen entry %d, not %d', order_id, request, action, seen, newest) AS what
              FROM (SELECT *, lag(seq) OVER (PARTITION BY order_id ORDER BY seq) AS newest FROM history)
             WHERE newest IS NOT NULL AND seen <> newest)"},

        {"stale_write", "stale write accepted", scope::fenced, R"(
            -- Somebody newer had entered, and the row listened to an older one.
            SELECT printf('order %d: %s %s with token %d, and %d had entered', h.order_id, h.request, h.action, h.fence,
                          max(e.fence)) AS what
              FROM history h
              JOIN history e ON e.order_id = h.order_id AND e.seq < h.seq AND e.action = 'entered' AND e.fence > h.fence
             GROUP BY h.seq)"},

        {"zombie", "zombie that was not stopped", scope::fenced, R"(
            -- Frozen on purpose while it held: woken, it writes, and the row has to say no.
            SELECT printf('%s: %s was frozen beyond its turn, and no write of it was refused', z.key, z.request) AS what
              FROM zombies z
             WHERE NOT EXISTS (SELECT 1 FROM refused_writes r WHERE r.key = z.key AND r.request = z.request))"},

        {"overtaking", "served before somebody who had come earlier", scope::fenced, R"(
            -- Places are numbered by ZooKeeper in the order of arrival, turns by the database in the order of beginning.
            SELECT printf('%s: %s at place %d after one at %d', key, request, place, before) AS what
              FROM (SELECT *, max(place) OVER (PARTITION BY key ORDER BY began
                                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM turns)
             WHERE place <= before)"},

        {"node_left", "left behind in ZooKeeper when all had gone", scope::fenced, R"(
            SELECT path AS what FROM nodes_left)"},
    };
    return all;
}

namespace {

constexpr std::size_t examples_max = 3;

bool says_something(scope where, const std::string& guard)
{
    return where == scope::all || guard == "lane" || (where == scope::serialised && guard != "none");
}

}  // namespace

finding look_for(database& books, const rule& r, bool applies)
{
    finding f;
    f.rule = r.name;
    f.title = r.title;
    f.applies = applies;
    if (!applies)
        return f;
    for (auto found = books.prepare(r.sql); found.step(); ++f.anomalies)
        if (f.examples.size() < examples_max)
            f.examples.push_back(found.text("what"));
    return f;
}

namespace {

std::int64_t number(database& books, std::string_view sql)
{
    auto asking = books.prepare(sql);
    return asking.step() ? asking.integer("n") : 0;
}

}  // namespace

verdict judge(const std::filesystem::path& dir)
{
    database books{dir / "orders.db"};
    books.attach(dir / "psp.db", "psp");
    books.attach(dir / "buyers.db", "buyers");

    verdict v;
    auto run = books.prepare("SELECT guard FROM run");
    if (!run.step())
        throw database_error{"the order database does not say what guarded it"};
    v.guard = run.text("guard");
    for (const auto& r : rules()) {
        v.findings.push_back(look_for(books, r, says_something(r.applies, v.guard)));
        v.anomalies += v.findings.back().anomalies;
    }
    v.answers = number(books, "SELECT count(*) AS n FROM buyers.answers");
    v.paid = number(books, "SELECT count(*) AS n FROM orders WHERE status = 'paid'");
    v.edits = number(books, "SELECT count(*) AS n FROM history WHERE action = 'edited'");
    v.median_us = number(books,
                         "SELECT took_us AS n FROM buyers.answers ORDER BY took_us "
                         "LIMIT 1 OFFSET (SELECT count(*) / 2 FROM buyers.answers)");
    v.p99_us = number(books,
                      "SELECT took_us AS n FROM buyers.answers ORDER BY took_us "
                      "LIMIT 1 OFFSET (SELECT count(*) * 99 / 100 FROM buyers.answers)");
    return v;
}

}  // namespace orderdesk
