#include "outbox.hpp"

#include "event_log.hpp"

namespace orderdesk {

void outbox::make(const std::filesystem::path& file, const std::string& setting)
{
    database db{file.string()};
    db.run(R"(
        CREATE TABLE run (setting TEXT NOT NULL);
        CREATE TABLE mails (
            seq      INTEGER PRIMARY KEY AUTOINCREMENT,
            id       TEXT NOT NULL,
            text     TEXT NOT NULL,
            consumer TEXT NOT NULL,
            at_us    INTEGER NOT NULL);
        CREATE TABLE inbox (id TEXT PRIMARY KEY);
        CREATE TABLE conflicts (id TEXT NOT NULL, consumer TEXT NOT NULL);
        CREATE TABLE put_aside (id TEXT NOT NULL, why TEXT NOT NULL);
        CREATE TABLE killed (consumer TEXT NOT NULL);
    )");
    db.prepare("INSERT INTO run VALUES (:setting)").bind(":setting", setting).run();
}

outbox::outbox(const std::filesystem::path& file) : db_{file.string()} {}

void outbox::send(const letter& l, const std::string& consumer)
{
    db_.prepare("INSERT INTO mails (id, text, consumer, at_us) VALUES (:id, :text, :consumer, :at)")
        .bind(":id", l.id)
        .bind(":text", l.body)
        .bind(":consumer", consumer)
        .bind(":at", now_us())
        .run();
}

bool outbox::send_once(const letter& l, const std::string& consumer)
{
    transaction t{db_};
    db_.prepare("INSERT INTO inbox VALUES (:id) ON CONFLICT (id) DO NOTHING").bind(":id", l.id).run();
    const bool is_new = db_.changes() == 1;
    if (is_new)
        send(l, consumer);
    else
        db_.prepare("INSERT INTO conflicts VALUES (:id, :consumer)").bind(":id", l.id).bind(":consumer", consumer).run();
    t.commit();
    return is_new;
}

void outbox::quarantine(const letter& l, const std::string& why)
{
    db_.prepare("INSERT INTO put_aside VALUES (:id, :why)").bind(":id", l.id).bind(":why", why).run();
}

void outbox::note_killed(const std::string& consumer)
{
    db_.prepare("INSERT INTO killed VALUES (:consumer)").bind(":consumer", consumer).run();
}

int outbox::sent()
{
    auto counting = db_.prepare("SELECT count(*) AS n FROM mails");
    counting.step();
    return static_cast<int>(counting.integer("n"));
}

}  // namespace orderdesk
