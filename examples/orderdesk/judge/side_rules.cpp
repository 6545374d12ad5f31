#include "side_rules.hpp"

namespace orderdesk {

namespace {

std::int64_t number(database& books, std::string_view sql)
{
    auto asking = books.prepare(sql);
    return asking.step() ? asking.integer("n") : 0;
}

std::string setting_of(database& books)
{
    auto asking = books.prepare("SELECT setting FROM run");
    if (!asking.step())
        throw database_error{"the book does not say what guarded it"};
    return asking.text("setting");
}

template <class Verdict>
void examine(database& books, const std::vector<rule>& rules, Verdict& v)
{
    for (const auto& r : rules) {
        v.findings.push_back(look_for(books, r));
        v.anomalies += v.findings.back().anomalies;
    }
}

std::int64_t anomalies_of(const std::vector<finding>& findings, std::string_view rule)
{
    for (const auto& f : findings)
        if (f.rule == rule)
            return f.anomalies;
    return 0;
}

}  // namespace

const std::vector<rule>& message_rules()
{
    static const std::vector<rule> all{
        {"doubled", "e-mail sent twice", scope::all, R"(
            SELECT printf('%s: number %d by %s', id, nth, consumer) AS what
              FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY seq) AS nth FROM mails) WHERE nth > 1)"},

        {"missing", "e-mail never sent", scope::all, R"(
            SELECT DISTINCT id AS what FROM broker.queue WHERE id NOT IN (SELECT id FROM mails))"},

        {"unasked", "e-mail that no message asked for", scope::all, R"(
            SELECT id AS what FROM mails WHERE id NOT IN (SELECT id FROM broker.queue))"},

        {"unfinished", "message left in the queue", scope::all, R"(
            SELECT printf('%s, delivered %d times', id, times) AS what FROM broker.queue WHERE done = 0)"},

        {"unexplained", "sent twice, and nobody had died in between", scope::all, R"(
            -- What a gate alone cannot help: the first one's consumer died between the effect and its mark.
            SELECT printf('%s: %s and %s', id, first, consumer) AS what
              FROM (SELECT *, lag(consumer) OVER (PARTITION BY id ORDER BY seq) AS first FROM mails)
             WHERE first IS NOT NULL AND first NOT IN (SELECT consumer FROM killed))"},
    };
    return all;
}

messages_verdict judge_messages(const std::filesystem::path& dir)
{
    database books{(dir / "outbox.db").string()};
    books.attach((dir / "broker.db").string(), "broker");
    messages_verdict v;
    v.setting = setting_of(books);
    examine(books, message_rules(), v);
    v.doubled = anomalies_of(v.findings, "doubled");
    v.missing = anomalies_of(v.findings, "missing");
    v.messages = number(books, "SELECT count(DISTINCT id) AS n FROM broker.queue");
    v.sends = number(books, "SELECT count(*) AS n FROM broker.queue");
    v.deliveries = number(books, "SELECT sum(times) AS n FROM broker.queue");
    v.conflicts = number(books, "SELECT count(*) AS n FROM conflicts");
    v.kills = number(books, "SELECT count(*) AS n FROM killed");
    return v;
}

const std::vector<rule>& tap_rules()
{
    static const std::vector<rule> all{
        {"several_orders", "order placed again", scope::all, R"(
            SELECT printf('user %d: order %d for the same basket, by %s', user, id, tap) AS what
              FROM (SELECT *, row_number() OVER (PARTITION BY user, basket ORDER BY id) AS nth FROM placed) WHERE nth > 1)"},

        {"another_answer", "tap told of another order", scope::all, R"(
            SELECT printf('%s was told of order %d, %s of %d', tap, order_id, first_tap, first) AS what
              FROM (SELECT *, first_value(order_id) OVER answers AS first, first_value(tap) OVER answers AS first_tap
                      FROM taps WINDOW answers AS (ORDER BY tap))
             WHERE order_id IS NOT first)"},

        {"unknown_order", "tap told of an order that is not there", scope::all, R"(
            SELECT printf('%s was told of order %d', tap, order_id) AS what FROM taps
             WHERE order_id NOT IN (SELECT id FROM placed))"},

        {"unanswered", "tap without an answer", scope::all, R"(
            SELECT tap AS what FROM taps WHERE order_id IS NULL)"},
    };
    return all;
}

taps_verdict judge_taps(const std::filesystem::path& dir)
{
    database books{(dir / "checkout.db").string()};
    taps_verdict v;
    v.setting = setting_of(books);
    examine(books, tap_rules(), v);
    v.taps = number(books, "SELECT count(*) AS n FROM taps");
    v.placed = number(books, "SELECT count(*) AS n FROM placed");
    v.at_once = number(books, "SELECT count(*) AS n FROM taps WHERE tries = 1");
    v.again = number(books, "SELECT count(*) AS n FROM taps WHERE tries > 1");
    v.slowest_us = number(books, "SELECT coalesce(max(took_us), 0) AS n FROM taps");
    return v;
}

}  // namespace orderdesk
