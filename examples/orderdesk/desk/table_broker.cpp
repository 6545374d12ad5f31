#include "table_broker.hpp"

#include "event_log.hpp"

namespace orderdesk {

table_broker::table_broker(const std::filesystem::path& file, std::chrono::milliseconds invisible)
    : book_{file}, db_{file.string()}, invisible_{invisible}
{
}

void table_broker::send(const letter& l) { book_.enter(l); }

std::vector<delivered_letter> table_broker::receive(int at_most)
{
    const auto now = now_us();
    auto receiving = db_.prepare(
        "UPDATE queue SET visible_us = :until, times = times + 1 WHERE tag IN "
        "(SELECT tag FROM queue WHERE done = 0 AND visible_us <= :now ORDER BY tag LIMIT :n) "
        "RETURNING tag, times, id, body, sent_us");
    receiving.bind(":until", now + std::chrono::microseconds{invisible_}.count())
        .bind(":now", now)
        .bind(":n", std::int64_t{at_most});
    std::vector<delivered_letter> letters;
    while (receiving.step())
        letters.push_back({receiving.integer("tag"),
                           receiving.integer("times"),
                           {receiving.text("id"), receiving.text("body"), receiving.integer("sent_us")}});
    return letters;
}

void table_broker::acknowledge(std::int64_t tag) { book_.done(tag); }

void table_broker::give_back(std::int64_t tag, std::chrono::milliseconds after)
{
    db_.prepare("UPDATE queue SET visible_us = :until WHERE tag = :tag")
        .bind(":until", now_us() + std::chrono::microseconds{after}.count())
        .bind(":tag", tag)
        .run();
}

int table_broker::unacknowledged() { return book_.unfinished(); }

}  // namespace orderdesk
