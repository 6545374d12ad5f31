#include "delivery_book.hpp"

namespace orderdesk {

void delivery_book::make(const std::filesystem::path& file)
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

delivery_book::delivery_book(const std::filesystem::path& file) : db_{file.string()} {}

std::int64_t delivery_book::enter(const letter& l)
{
    auto entering = db_.prepare("INSERT INTO queue (id, body, sent_us) VALUES (:id, :body, :sent) RETURNING tag");
    entering.bind(":id", l.id).bind(":body", l.body).bind(":sent", l.sent_us);
    entering.step();
    return entering.integer("tag");
}

std::int64_t delivery_book::delivered(std::int64_t tag)
{
    auto noting = db_.prepare("UPDATE queue SET times = times + 1, done = 0 WHERE tag = :tag RETURNING times");
    noting.bind(":tag", tag);
    return noting.step() ? noting.integer("times") : 0;
}

void delivery_book::done(std::int64_t tag)
{
    db_.prepare("UPDATE queue SET done = 1 WHERE tag = :tag").bind(":tag", tag).run();
}

int delivery_book::unfinished()
{
    auto counting = db_.prepare("SELECT count(*) AS n FROM queue WHERE done = 0");
    counting.step();
    return static_cast<int>(counting.integer("n"));
}

}  // namespace orderdesk
