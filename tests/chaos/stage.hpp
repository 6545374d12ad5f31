// Where a run is played: an ensemble, a resource, and clients that are processes, each behind proxies of its own.
#pragma once

#include "growth_chart.hpp"
#include "resource.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/testing/ensemble.hpp>
#include <turnstile/testing/history.hpp>
#include <turnstile/testing/proxy.hpp>

#include "testing/child_process.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace turnstile::chaos {

struct stage_options {
    std::filesystem::path directory;  ///< of the run: history, logs
    std::filesystem::path worker;     ///< the program
    std::uint64_t seed = 1;
    std::size_t clients = 9;
    int callers = 5;
    std::size_t keys = 7;
    std::chrono::milliseconds session_timeout{2'000};
    std::filesystem::path names;  ///< libnss_wrapper.so; empty: no client is given a name

    stage_options() = default;
};

/// A client's place on the stage: who is killed is followed by another process there. The last one's is never killed: the
/// veteran goes through everything else, and shows whether it grows by it.
class client_seat {
public:
    client_seat(const stage_options& options, const testing::ensemble& zk, std::size_t number, bool by_name);

    /// The next incarnation. Whether the process before it had ended by itself is for ended() to tell.
    void start();
    const std::string& name() const { return name_; }
    bool by_name() const { return by_name_; }
    bool veteran() const { return number_ + 1 == options_.clients; }
    testing::child_process& process() { return *process_; }
    std::vector<std::unique_ptr<testing::proxy>>& network() { return network_; }
    /// Its heap only of the veteran, who tells.
    footprint occupied() const;

    /// Names resolve no more, or again.
    void take_names_away() const;
    void give_names_back() const;

private:
    void resolve_only(const std::string& name) const;
    std::vector<std::string> command() const;
    std::string servers() const;
    std::filesystem::path hosts() const;
    std::filesystem::path heap() const { return options_.directory / "veteran-heap"; }

    const stage_options& options_;
    const std::string direct_;
    const std::size_t number_;
    const bool by_name_;
    std::vector<std::unique_ptr<testing::proxy>> network_;
    int incarnation_ = 0;
    std::string name_;
    std::unique_ptr<testing::child_process> process_;
};

class stage {
public:
    explicit stage(stage_options options);
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    const stage_options& options() const { return options_; }
    testing::ensemble& servers() { return servers_; }
    testing::history_recorder& log() { return log_; }
    resource& protected_resource() { return resource_; }
    std::vector<std::unique_ptr<client_seat>>& clients() { return clients_; }
    client_seat& veteran() { return *clients_.back(); }
    client_seat* client_named(const std::string& process);
    /// Waits for the end of a client that was killed, or kills it, and writes that down.
    void bury(client_seat& victim);
    /// The run cannot be played to its end: nobody answers for calls under way.
    void abandon();
    /// Not through any proxy.
    const blocking::session& outsider() const { return outsider_; }

    std::filesystem::path history() const { return options_.directory / "history.jsonl"; }
    static std::filesystem::path socket();
    static std::vector<std::string> keys(std::size_t n);
    std::vector<std::string> keys() const { return keys(options_.keys); }
    static std::string line_of(const std::string& key) { return "/locks/" + key; }

private:
    static testing::ensemble_options servers_of(const stage_options&);

    const stage_options options_;
    testing::history_recorder log_;
    testing::ensemble servers_;
    resource resource_;
    blocking::session outsider_;
    std::vector<std::unique_ptr<client_seat>> clients_;
};

}  // namespace turnstile::chaos
