// buyers is the load: buyers who tap "pay", some of them twice, and merchants who edit the price at the very same moment.
#include "desk/buyers_book.hpp"
#include "desk/database.hpp"
#include "desk/order.hpp"
#include "desk/order_book.hpp"
#include "desk/wire.hpp"
#include "service.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace orderdesk;
using namespace std::chrono_literals;

struct request {
    std::string id;
    order_id order = 0;
    bool pays = false;
    std::int64_t price = 0;
    std::chrono::milliseconds hesitation{};
};

using burst = std::vector<request>;  // sent at the same moment
using play = std::vector<burst>;     // the life of one order, one burst after the other

/// The life of an order: merchants haggle over the price, then somebody taps "pay" just when it is edited once more, then
/// come the late ones, who find it paid.
class playwright {
public:
    playwright(std::uint64_t seed, bool hurry) : random_{seed}, hurry_{hurry} {}

    play write(order_id id, int requests)
    {
        play scenes;
        order_ = id;
        hesitation_ms_ = hurry_ ? 0 : 40;
        left_ = requests;
        for (int haggles = draw(1, 3); haggles > 0 && left_ > 4; --haggles)
            scenes.push_back(scene(0, 2));
        hesitation_ms_ = hurry_ ? 0 : 12;  // now everybody comes at once
        scenes.push_back(scene(draw(1, 2), draw(1, 2)));
        while (left_ > 0)
            scenes.push_back(scene(draw(0, 2), draw(1, 2)));
        return scenes;
    }

private:
    burst scene(int taps, int edits)
    {
        burst together;
        for (int i = 0; i < taps + edits && left_ > 0; ++i, --left_)
            together.push_back(one(i < taps));
        return together;
    }

    request one(bool pays)
    {
        request r;
        r.id = (pays ? "tap-" : "edit-") + std::to_string(++made_);
        r.order = order_;
        r.pays = pays;
        r.price = draw(50, 150) * 100;
        r.hesitation = std::chrono::milliseconds{draw(0, hesitation_ms_)};
        return r;
    }

    int draw(int from, int to) { return std::uniform_int_distribution{from, to}(random_); }

    std::mt19937_64 random_;
    bool hurry_;
    order_id order_ = 0;
    int hesitation_ms_ = 0;
    int left_ = 0;
    int made_ = 0;
};

/// What was asked, and what was answered: the buyers' own book.
class notebook {
public:
    explicit notebook(const std::filesystem::path& file) : db_{file} { make_buyers_tables(db_); }

    void will_ask(const play& scenes)
    {
        const std::lock_guard one_at_a_time{guard_};
        transaction t{db_};
        for (const auto& together : scenes)
            for (const auto& r : together)
                note_asked(db_, r.id, r.order, r.pays ? "pay" : "edit", r.price);
        t.commit();
    }

    void answered(const request& r, const nlohmann::json& answer, std::chrono::microseconds took, int tries)
    {
        const std::lock_guard one_at_a_time{guard_};
        note_answer(db_, r.id, answer, took, tries);
    }

private:
    std::mutex guard_;
    database db_;  // guarded by guard_
};

constexpr int tries_max = 8;

/// Waits as long as it is told to.
bool told_to_come_again(const nlohmann::json& answer)
{
    if (!answer.contains("retry_after_ms"))
        return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{answer.at("retry_after_ms").get<int>()});
    return true;
}

struct crowd {
    std::vector<port_number> pay_ports;
    std::vector<port_number> edit_ports;
    notebook& book;
    std::chrono::milliseconds rest;  ///< between two bursts

    /// Who is served by which instance is chance, as behind a load balancer: here, the request's own number.
    void send(const request& r, std::size_t nth) const
    {
        std::this_thread::sleep_for(r.hesitation);
        const auto& ports = r.pays ? pay_ports : edit_ports;
        const auto asked_at = std::chrono::steady_clock::now();
        try {
            int tries = 0;
            nlohmann::json answer;
            do {
                answer = ask(ports[nth % ports.size()], {{"request", r.id}, {"order", r.order}, {"price", r.price}});
            } while (++tries < tries_max && told_to_come_again(answer));
            book.answered(r, answer,
                          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - asked_at),
                          tries);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s: no answer: %s\n", r.id.c_str(), e.what());
        }
    }

    void perform(const play& scenes) const
    {
        book.will_ask(scenes);
        for (const auto& together : scenes) {
            std::vector<std::jthread> hands;
            for (std::size_t i = 0; i < together.size(); ++i)
                hands.emplace_back([this, &together, i] { send(together[i], i); });
            hands.clear();
            std::this_thread::sleep_for(rest);
        }
    }
};

std::vector<play> write_plays(std::uint64_t seed, bool hurry, int orders, int requests)
{
    playwright author{seed, hurry};
    std::vector<play> plays;
    for (int i = 0; i < orders; ++i)
        plays.push_back(author.write(i + 1, requests / orders + (i < requests % orders ? 1 : 0)));
    return plays;
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"buyers is the load of the order desk: taps on \"pay\" and edits of the price", "buyers"};
    std::filesystem::path dir;
    std::vector<port_number> pay_ports;
    std::vector<port_number> edit_ports;
    std::uint64_t seed = 1;
    int orders = 30;
    int requests = 600;
    int at_once = 6;
    int rest_ms = 8;
    bool hurry = false;
    std::filesystem::path until;
    app.add_option("--dir", dir, "Directory for buyers.db")->required()->check(CLI::ExistingDirectory);
    app.add_option("--pay", pay_ports, "Ports of the payment services")->required();
    app.add_option("--edit", edit_ports, "Ports of the price services")->required();
    app.add_option("--seed", seed, "The same seed asks for the same")->capture_default_str();
    app.add_option("--orders", orders, "How many orders")->capture_default_str()->check(CLI::PositiveNumber);
    app.add_option("--requests", requests, "How many requests in all")->capture_default_str()->check(CLI::PositiveNumber);
    app.add_option("--at-once", at_once, "Orders that are busy at the same time")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    app.add_option("--rest", rest_ms, "Milliseconds between two bursts of an order")->capture_default_str();
    app.add_flag("--hurry", hurry, "Nobody hesitates: all of a burst come at the very same moment");
    app.add_option("--until", until, "No more orders when this file is there");

    return orderdesk::program(argc, argv, app, [&] {
        notebook book{dir / "buyers.db"};
        const auto plays = write_plays(seed, hurry, orders, requests);
        const crowd people{pay_ports, edit_ports, book, std::chrono::milliseconds{rest_ms}};
        std::vector<std::jthread> stages;
        for (int s = 0; s < at_once; ++s)
            stages.emplace_back([&, s] {
                for (auto i = static_cast<std::size_t>(s); i < plays.size(); i += static_cast<std::size_t>(at_once)) {
                    if (!until.empty() && std::filesystem::exists(until))
                        return;
                    people.perform(plays[i]);
                }
            });
        return 0;
    });
}
