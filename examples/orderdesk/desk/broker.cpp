#include "broker.hpp"

#include "event_log.hpp"

namespace orderdesk {

void broker::make(const std::filesystem::path& file)
{
    database db{file.string()};
    db.run(R"(
        CREATE TABLE queue (
            tag        INTEGER PRIMARY KEY AUTOINCREMENT,
            id         TEXT NOT NULL,
            body       TEXT NOT NULL,
            sent_us    INTEGER NOT NULL,
            visible_us INTEGER NOT NULL DEFAULT 0,
            times      INTEGER NOT NULL DEFAULT 0,
            done       INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX waiting ON queue (done, tag);
    )");
}

broker::broker(const std::filesystem::path& file) : db_{file.string()} {}

void broker::send(const letter& l)
{
    db_.prepare("INSERT INTO queue (id, body, sent_us) VALUES (:id, :body, :sent)")
        .bind(":id", l.id)
        .bind(":body", l.body)
        .bind(":sent", l.sent_us)
        .run();
}

std::vector<delivered_letter> broker::receive(int at_most, std::chrono::milliseconds invisible)
{
    const auto now = now_us();
    auto receiving = db_.prepare(
        "UPDATE queue SET visible_us = :until, times = times + 1 WHERE tag IN "
        "(SELECT tag FROM queue WHERE done = 0 AND visible_us <= :now ORDER BY tag LIMIT :n) "
        "RETURNING tag, times, id, body, sent_us");
    receiving.bind(":until", now + std::chrono::microseconds{invisible}.count())
        .bind(":now", now)
        .bind(":n", std::int64_t{at_most});
    std::vector<delivered_letter> letters;
    while (receiving.step())
        letters.push_back({receiving.integer("tag"),
                           receiving.integer("times"),
                           {receiving.text("id"), receiving.text("body"), receiving.integer("sent_us")}});
    return letters;
}

void broker::acknowledge(std::int64_t tag)
{
    db_.prepare("UPDATE queue SET done = 1 WHERE tag = :tag").bind(":tag", tag).run();
}

void broker::give_back(std::int64_t tag, std::chrono::milliseconds after)
{
    db_.prepare("UPDATE queue SET visible_us = :until WHERE tag = :tag")
        .bind(":until", now_us() + std::chrono::microseconds{after}.count())
        .bind(":tag", tag)
        .run();
}

int broker::unacknowledged()
{
    auto counting = db_.prepare("SELECT count(*) AS n FROM queue WHERE done = 0");
    counting.step();
    return static_cast<int>(counting.integer("n"));
}

}  // namespace orderdesk
