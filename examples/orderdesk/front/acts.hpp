// The acts of the demo. Each plays, shows what happened, and says whether it went as promised.
#pragma once

#include "judge/rules.hpp"
#include "judge/side_rules.hpp"
#include "message_brokers.hpp"
#include "stage.hpp"
#include "terminal.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orderdesk {

struct settings {
    std::string servers;                         ///< empty: start a server
    const order_databases* databases = nullptr;  ///< outlives the acts
    const message_brokers* brokers = nullptr;    ///< the same
    std::uint64_t seed = 1;
    int orders = 30;
    int requests = 600;
    int at_once = 6;                 ///< orders that are busy at the same time
    bool hurry = false;              ///< nobody hesitates or thinks, and the provider answers at once
    std::filesystem::path dir;       ///< of databases and logs
    std::filesystem::path pictures;  ///< of the SVG files
    std::filesystem::path figures;   ///< a file for those of a race, in JSON; empty: none
};

struct race_result {
    verdict judged;
    double pinned = 0;    ///< database connections that were in a transaction, on average
    int pinned_most = 0;  ///< the same, at most
    std::chrono::microseconds took{};
    std::chrono::microseconds busy{};  ///< from the first turn that was begun or asked for to the end of the last
    std::filesystem::path picture;     ///< empty: no order was interesting

    double in_a_second(std::int64_t n) const { return static_cast<double>(n) / std::chrono::duration<double>{busy}.count(); }
};

/// Requests hit the same orders, with guard "none", "version", "row" or "lane"; then the judge reads the books.
race_result race(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard);

/// With "row" or "lane": no anomaly, though orders were paid and prices edited. With "version": no edit was lost and each
/// request answered; it guards the row, and not what is done before. With "none": at least one anomaly, or the run was too
/// gentle to prove anything.
bool as_promised(const race_result& r);

/// The services, and the buyers, who have begun when it answers. `more`: for the buyers.
child& start_the_race(stage& st, const settings& s, const std::string& guard, std::chrono::milliseconds session_timeout,
                      std::vector<std::string> more);

struct act_result {
    bool good = true;
    std::filesystem::path picture;
};

struct messages_result {
    bool good = true;
    bool rough = true;                       ///< without a guard something went wrong
    std::vector<messages_verdict> verdicts;  ///< none, gate, inbox, both
};

/// Consumers of messages are killed at random places; what was doubled, what is missing?
messages_result messages_act(const ensemble& zookeeper, const settings& s, terminal& out);

struct taps_result {
    bool good = true;
    bool rough = true;
    taps_verdict without;
    taps_verdict with;
};

/// One user's many taps on "buy", through several processes.
taps_result taps_act(const ensemble& zookeeper, const settings& s, terminal& out);

/// The holder is killed; those who wait in other processes are served in order.
act_result kill_act(const ensemble& zookeeper, const settings& s, terminal& out);

/// The payer is killed between the charge and its write; who comes next is told, and puts it right.
act_result payer_act(const ensemble& zookeeper, const settings& s, terminal& out);

struct faults_result {
    bool good = true;
    verdict judged;
    std::chrono::microseconds took{};
    std::chrono::microseconds longest{};  ///< of the waits for an answer
    std::int64_t again = 0;               ///< so often somebody was told to come again
    std::filesystem::path picture;
};

/// The race, on three servers of our own: the leader is killed, one is stopped, all are restarted.
faults_result faults_act(const settings& s, terminal& out);

/// The holder is frozen beyond its session, and wakes up believing that it still holds.
act_result zombie_act(const ensemble& zookeeper, const settings& s, terminal& out);

}  // namespace orderdesk
