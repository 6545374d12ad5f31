#include "turn_log.hpp"

#include "event_log.hpp"
#include "resources.hpp"

namespace orderdesk {

void make_turn_tables(database& db)
{
    db.run(R"(
        CREATE TABLE turns (
            key       TEXT NOT NULL,
            token     BIGINT NOT NULL,
            place     BIGINT NOT NULL,
            operation TEXT NOT NULL,
            process   TEXT NOT NULL,
            request   TEXT NOT NULL,
            began     BIGINT NOT NULL,  -- the history's entry about that
            at_us     BIGINT NOT NULL);
        CREATE TABLE refused_writes (
            key     TEXT NOT NULL,
            token   BIGINT NOT NULL,
            process TEXT NOT NULL,
            request TEXT NOT NULL,
            at_us   BIGINT NOT NULL);
        CREATE TABLE zombies (key TEXT NOT NULL, request TEXT NOT NULL);
        CREATE TABLE nodes_left (path TEXT NOT NULL);
    )");
}

void append_turn(database& db, const turn_entry& turn, std::int64_t began)
{
    db.prepare("INSERT INTO turns VALUES (:key, :token, :place, :operation, :process, :request, :began, :at)")
        .bind(":key", turn.key)
        .bind(":token", turn.token)
        .bind(":place", turn.place)
        .bind(":operation", turn.operation)
        .bind(":process", turn.process)
        .bind(":request", turn.request)
        .bind(":began", began)
        .bind(":at", now_us())
        .run();
}

void note_refused_write(database& db, const turn_entry& turn)
{
    db.prepare("INSERT INTO refused_writes VALUES (:key, :token, :process, :request, :at)")
        .bind(":key", turn.key)
        .bind(":token", turn.token)
        .bind(":process", turn.process)
        .bind(":request", turn.request)
        .bind(":at", now_us())
        .run();
}

void note_zombie(database& db, const std::string& key, const std::string& request)
{
    db.prepare("INSERT INTO zombies VALUES (:key, :request)").bind(":key", key).bind(":request", request).run();
}

void note_node_left(database& db, const std::string& path)
{
    db.prepare("INSERT INTO nodes_left VALUES (:path)").bind(":path", path).run();
}

const std::vector<table_columns>& turn_tables()
{
    static const std::vector<table_columns> all{
        {"turns", {"token", "place", "began", "at_us"}, {"key", "operation", "process", "request"}},
        {"refused_writes", {"token", "at_us"}, {"key", "process", "request"}},
        {"zombies", {}, {"key", "request"}},
        {"nodes_left", {}, {"path"}},
    };
    return all;
}

std::string key_of(order_id id) { return resource::order::key(id).text(); }

}  // namespace orderdesk
