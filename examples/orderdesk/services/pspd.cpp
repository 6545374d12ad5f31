// pspd is the payment provider: somebody else's company, with its own database. It captures money once per key, and takes
// its time to say so: the money has moved before the answer comes. Who asks again under the same key is told at once.
#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "desk/order_book.hpp"
#include "service.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>

namespace {

using namespace orderdesk;

struct delay {
    int min_ms = 5;
    int max_ms = 25;
};

/// The first one under a key is the one that counts; who asks again is told what happened then.
nlohmann::json capture(database& db, const nlohmann::json& question)
{
    const auto key = question.at("key").get<std::string>();
    db.prepare("INSERT INTO captures VALUES (:key, :order, :quote, :amount, :at) ON CONFLICT (key) DO NOTHING")
        .bind(":key", key)
        .bind(":order", question.at("order").get<order_id>())
        .bind(":quote", question.at("quote").get<std::int64_t>())
        .bind(":amount", question.at("amount").get<std::int64_t>())
        .bind(":at", now_us())
        .run();
    auto captured = db.prepare("SELECT quote, amount FROM captures WHERE key = :key");
    captured.bind(":key", key).step();
    return {{"quote", captured.integer("quote")}, {"amount", captured.integer("amount")}};
}

/// For who comes after somebody that died: nothing moves.
nlohmann::json what_of(database& db, const std::string& key)
{
    auto captured = db.prepare("SELECT quote, amount FROM captures WHERE key = :key");
    captured.bind(":key", key);
    if (!captured.step())
        return {{"captured", false}};
    return {{"captured", true}, {"quote", captured.integer("quote")}, {"amount", captured.integer("amount")}};
}

void answer_late(const delay& how)
{
    thread_local std::mt19937_64 random{std::random_device{}()};
    std::this_thread::sleep_for(std::chrono::milliseconds{std::uniform_int_distribution{how.min_ms, how.max_ms}(random)});
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"pspd is the payment provider of the order desk", "pspd"};
    service_options service;
    delay late;
    add_service_options(app, service);
    app.add_option("--answer-min", late.min_ms, "Milliseconds from the capture to the answer, at least");
    app.add_option("--answer-max", late.max_ms, "Milliseconds from the capture to the answer, at most");

    return program(argc, argv, app, [&] {
        hold_signals();
        const auto file = service.file("psp.db");
        {
            database fresh{file};
            make_psp_tables(fresh);
        }
        serve(service, [&] {
            return [&late, db = std::make_shared<database>(file)](const nlohmann::json& question) {
                if (question.contains("what_of"))
                    return what_of(*db, question.at("what_of").get<std::string>());
                auto captured = capture(*db, question);
                if (db->changes() == 1)
                    answer_late(late);
                return captured;
            };
        });
        return 0;
    });
}
