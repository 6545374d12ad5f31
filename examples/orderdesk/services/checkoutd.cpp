// checkoutd turns a basket into an order. Somebody who taps "buy" once more, because nothing happened, wants one order.
//
//   none  look whether there is an order already, think, place it
//   gate  turnstile::once_gate: one tap is admitted, the others get its result
#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "desk/resources.hpp"
#include "service.hpp"
#include "turn.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/recipes/once_gate.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <variant>

namespace {

using namespace orderdesk;
using namespace std::chrono_literals;

/// A user's tap on "buy".
struct tap {
    std::string name;
    std::int64_t user = 0;
    std::string basket;
    std::int64_t amount = 0;

    explicit tap(const nlohmann::json& question)
        : name{question.at("request")},
          user{question.at("user")},
          basket{question.at("basket")},
          amount{question.at("amount")}
    {
    }
};

nlohmann::json ordered(std::int64_t id) { return {{"outcome", "ordered"}, {"why", ""}, {"order", id}}; }

std::optional<std::int64_t> order_of(database& db, const tap& t)
{
    auto looking = db.prepare("SELECT min(id) AS id FROM placed WHERE user = :user AND basket = :basket");
    looking.bind(":user", t.user).bind(":basket", t.basket);
    return looking.step() && !looking.is_null("id") ? std::optional{looking.integer("id")} : std::nullopt;
}

/// Stock, prices, fraud: what takes time before an order is placed.
void think()
{
    thread_local std::mt19937_64 random{std::random_device{}()};
    std::this_thread::sleep_for(std::chrono::milliseconds{std::uniform_int_distribution{5, 25}(random)});
}

/// Looks first, as careful people do. It helps against nobody who looks at the same time.
std::int64_t place(database& db, const tap& t, const std::string& process)
{
    if (const auto known = order_of(db, t))
        return *known;
    think();
    auto placing = db.prepare(
        "INSERT INTO placed (user, basket, amount, tap, process, at_us) "
        "VALUES (:user, :basket, :amount, :tap, :process, :at) RETURNING id");
    placing.bind(":user", t.user)
        .bind(":basket", t.basket)
        .bind(":amount", t.amount)
        .bind(":tap", t.name)
        .bind(":process", process)
        .bind(":at", now_us())
        .step();
    const auto id = placing.integer("id");
    placing.run();
    return id;
}

nlohmann::json come_again(std::chrono::milliseconds after)
{
    auto a = answer("come again", "another tap is at it");
    a["retry_after_ms"] = after.count();
    return a;
}

class doorkeeper {
public:
    doorkeeper(const turnstile::session& s, std::string process)
        : gate_{turnstile::blocking::wait(turnstile::once_gate::open(s, {resource::checkout::definition()}))},
          process_{std::move(process)}
    {
    }

    nlohmann::json admit(database& db, const tap& t) const
    {
        // The fingerprint: the same basket with another amount is another request.
        auto entered = turnstile::blocking::wait(
            gate_.enter(resource::checkout::key(t.user, t.basket), std::to_string(t.amount), patience));
        if (auto* ours = std::get_if<turnstile::admitted>(&entered))
            return place_as(*ours, db, t);
        if (const auto* done = std::get_if<turnstile::already_done>(&entered))
            return ordered(std::stoll(done->result));
        if (const auto* busy = std::get_if<turnstile::in_progress>(&entered))
            return come_again(busy->retry_after);
        if (auto* left = std::get_if<turnstile::orphan>(&entered)) {
            // The order may be there: place() looks.
            auto ours = turnstile::blocking::wait(left->take_over(patience));
            return ours ? place_as(*ours, db, t) : come_again(20ms);
        }
        if (std::holds_alternative<turnstile::key_reused>(entered))
            return answer("refused", "the basket has changed since");
        return come_again(250ms);
    }

private:
    static constexpr auto patience = 5s;

    nlohmann::json place_as(turnstile::admitted& ours, database& db, const tap& t) const
    {
        const auto id = place(db, t, process_);
        turnstile::blocking::wait(ours.commit(std::to_string(id)));
        return ordered(id);
    }

    turnstile::once_gate gate_;
    std::string process_;
};

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"checkoutd turns baskets into orders", "checkoutd"};
    service_options service;
    std::string setting = "gate";
    turnstile::session_options options;
    int session_timeout_ms = 4000;
    add_service_options(app, service);
    app.add_option("--setting", setting, "none or gate")->check(CLI::IsMember({"none", "gate"}));
    app.add_option("--zookeeper", options.servers, "host:port,host:port of the ensemble");
    app.add_option("--root", options.root, "Everything in ZooKeeper lies under this path");
    app.add_option("--session-timeout", session_timeout_ms, "Milliseconds until a dead process's claims are orphans");

    return program(argc, argv, app, [&] {
        hold_signals();
        std::optional<turnstile::blocking::session> session;
        std::optional<doorkeeper> door;
        if (setting == "gate") {
            options.label = service.name;
            options.session_timeout = std::chrono::milliseconds{session_timeout_ms};
            session.emplace(options);
            door.emplace(*session, service.name);
        }
        serve(service, [&] {
            return
                [&, db = std::make_shared<database>(service.file("checkout.db").string())](const nlohmann::json& question) {
                    const tap t{question};
                    return door ? door->admit(*db, t) : ordered(place(*db, t, service.name));
                };
        });
        door.reset();
        if (session)
            session->close();
        return 0;
    });
}
