// Does harm by plan, and undoes it: one track for the servers and one for the clients, at the same time.
#pragma once

#include "plan.hpp"
#include "stage.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace turnstile::chaos {

/// Sleeps; returns early when told to stop.
void rest(const std::stop_token& stop, std::chrono::milliseconds time);

/// A fault in the history, from its beginning to its heal.
class fault_entry {
public:
    fault_entry(testing::history_recorder& log, fault_kind kind, std::string victim = {}, std::string detail = {});
    fault_entry(const fault_entry&) = delete;
    fault_entry& operator=(const fault_entry&) = delete;
    ~fault_entry();

private:
    testing::history_recorder& log_;
    std::string id_;
};

class server_nemesis {
public:
    explicit server_nemesis(stage& where) : stage_{where} {}
    void strike(const planned_fault& f, const std::stop_token& stop);

private:
    void kill(std::size_t member, const planned_fault& f, const std::stop_token& stop);
    void pause(std::size_t member, const planned_fault& f, const std::stop_token& stop);
    void isolate(std::size_t member, const planned_fault& f, const std::stop_token& stop);
    void slow_down(std::size_t member, const planned_fault& f, const std::stop_token& stop);
    void restart_in_turn(std::size_t leader);
    void start(std::size_t member);
    std::size_t follower(const planned_fault& f);
    void see_who_leads();

    stage& stage_;
    std::optional<std::size_t> leader_;
};

class client_nemesis {
public:
    explicit client_nemesis(stage& where) : stage_{where} {}
    void strike(const planned_fault& f, const std::stop_token& stop);

private:
    client_seat& any(const planned_fault& f);
    client_seat& mortal(const planned_fault& f);
    client_seat& veteran_or_any(const planned_fault& f);
    void kill(client_seat& victim, const planned_fault& f, const std::stop_token& stop);
    void kill_in_turn(const planned_fault& f, const std::stop_token& stop);
    void freeze_in_turn(const planned_fault& f, const std::stop_token& stop);
    void pause(client_seat& victim, const planned_fault& f, const std::stop_token& stop);
    void trouble_network(client_seat& victim, const planned_fault& f, const std::stop_token& stop);
    void strike_session(client_seat& victim, const planned_fault& f, const std::stop_token& stop);
    void lose(client_seat& victim, const planned_fault& f, const std::stop_token& stop);
    void reap(const planned_fault& f);
    void take_names_away(const planned_fault& f, const std::stop_token& stop);
    std::string key_of(const planned_fault& f) const;
    std::string ordered_key_of(const planned_fault& f) const;

    stage& stage_;
};

/// Runs both tracks until it is told to stop. What goes wrong in a track is thrown by stop().
class nemesis {
public:
    nemesis(stage& where, std::uint64_t seed, bool with_dns);
    ~nemesis() { halt(); }

    /// Ends the faults under way. Throws what a track has died of.
    void stop();
    std::size_t faults() const { return faults_; }

private:
    template <class Track>
    void play(Track track, fault_plan plan, const std::stop_token& stop);
    void halt();

    std::atomic<std::size_t> faults_{0};
    std::mutex mutex_;
    std::exception_ptr failed_;  ///< guarded by mutex_
    std::jthread servers_;
    std::jthread clients_;
};

}  // namespace turnstile::chaos
