#include "service.hpp"

#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <utility>

namespace orderdesk {

namespace {

sigset_t stop_signals()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/// Whoever finds the file finds all of it.
void announce(const service_options& options, port_number port)
{
    const auto draft = options.file(options.name + ".port.draft");
    std::ofstream{draft} << port << '\n';
    std::filesystem::rename(draft, options.file(options.name + ".port"));
}

}  // namespace

void add_service_options(CLI::App& app, service_options& options)
{
    app.add_option("--name", options.name, "What this process is called in logs, history and pictures")->required();
    app.add_option("--dir", options.dir, "Directory of the databases, the event log and the port files")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_option("--workers", options.workers, "Threads that answer")->capture_default_str()->check(CLI::Range(1, 256));
}

void hold_signals()
{
    const auto set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool asked_to_stop(std::chrono::milliseconds within)
{
    const auto set = stop_signals();
    timespec limit{};
    limit.tv_sec = within.count() / 1000;
    limit.tv_nsec = within.count() % 1000 * 1'000'000;
    return sigtimedwait(&set, nullptr, &limit) > 0;
}

void serve(const service_options& options, std::function<answering::answer()> make_worker)
{
    const answering open{options.workers, std::move(make_worker)};
    announce(options, open.port());
    const auto set = stop_signals();
    int which = 0;
    sigwait(&set, &which);
}

int program(int argc, char** argv, CLI::App& app, const std::function<int()>& run)
{
    try {
        app.parse(argc, argv);
        return run();
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), e.what());
        return 2;
    }
}

}  // namespace orderdesk
