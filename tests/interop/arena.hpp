// Where contenders of several languages meet: a real server, one line, what the lock protects, and one history.
#pragma once

#include "../chaos/resource.hpp"
#include "contender.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/testing/history.hpp>
#include <turnstile/testing/server.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace turnstile::interop {

class arena {
public:
    /// `directory` is emptied first; history and logs stay there.
    explicit arena(std::filesystem::path directory);
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    const common_ground& ground() const { return ground_; }
    testing::server& servers() { return servers_; }
    testing::history_recorder& log() { return log_; }
    chaos::resource& protected_resource() { return resource_; }
    /// Stands in no line.
    const blocking::session& outsider() const { return outsider_; }

    std::filesystem::path file(const std::string& name) const { return ground_.directory / name; }
    void make(const std::filesystem::path& file) const;
    std::vector<testing::history_event> history() const;
    /// Whether `process` was granted its turn number `nth`.
    bool granted(const std::string& process, int nth = 1) const;
    /// Names of the nodes in the line, in the order of their numbers.
    std::vector<std::string> places() const;
    /// Kills it, and writes that down.
    void bury(contender& victim);
    /// Tells everybody to stop asking.
    void call_time() const { make(ground_.stop); }

private:
    static common_ground ground_in(std::filesystem::path directory);

    common_ground ground_;
    testing::server servers_;
    testing::history_recorder log_;
    chaos::resource resource_;
    blocking::session outsider_;
};

}  // namespace turnstile::interop
