// What every service of the desk does the same way: read its options, announce its port, answer until it is told to stop.
#pragma once

#include "desk/wire.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace orderdesk {

struct service_options {
    std::string name;
    std::filesystem::path dir;
    int workers = 12;

    std::filesystem::path file(const std::string& leaf) const { return dir / leaf; }
};

/// Adds --name, --dir and --workers.
void add_service_options(CLI::App& app, service_options& options);

/// SIGINT and SIGTERM wait until somebody asks for them; call it before the first thread is made.
void hold_signals();

/// Waits that long for SIGINT or SIGTERM: for programs that do not serve. After hold_signals().
bool asked_to_stop(std::chrono::milliseconds within);

/// Writes the port to DIR/NAME.port, answers, and returns after SIGINT or SIGTERM.
void serve(const service_options& options, std::function<answering::answer()> make_worker);

/// main() of each program: parses, runs, and turns what is thrown into a line on stderr and exit code 2.
int program(int argc, char** argv, CLI::App& app, const std::function<int()>& run);

}  // namespace orderdesk
