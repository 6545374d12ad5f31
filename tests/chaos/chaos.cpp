// chaos: clients, an ensemble and a nemesis; then the judge. See docs/chaos.md.
#include "page.hpp"
#include "run.hpp"
#include "soak.hpp"

#include <CLI/CLI.hpp>

#include <signal.h>

#include <atomic>
#include <exception>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>

namespace {

using namespace turnstile::chaos;

std::atomic<bool> interrupted{false};

void on_signal(int) { interrupted = true; }

struct arguments {
    std::string profile = "chaos";
    std::uint64_t seed = 0;
    std::int64_t seconds = 0;
    std::int64_t minutes = 60;
    std::size_t clients = 9;
    std::size_t keys = 7;
    std::filesystem::path directory;
};

void declare(CLI::App& app, arguments& a)
{
    app.add_option("--profile", a.profile, "smoke: a minute; chaos: ten; soak: phases of five, until --minutes are over")
        ->check(CLI::IsMember({"smoke", "chaos", "soak"}))
        ->capture_default_str();
    app.add_option("--seed", a.seed,
                   "Fixes what is done to whom, and what clients want (default: a new one, which is printed)");
    app.add_option("--seconds", a.seconds, "Another length of a run, or of a phase");
    app.add_option("--minutes", a.minutes, "Of a soak")->capture_default_str();
    app.add_option("--clients", a.clients, "Processes")->capture_default_str()->check(CLI::Range(2, 100));
    app.add_option("--keys", a.keys, "Locks: of each recipe one, then mutexes")
        ->capture_default_str()
        ->check(CLI::Range(7, 1000));
    app.add_option("--directory", a.directory, "Where history and report go (default: chaos-SEED; a soak: soak)");
}

/// The host names of one client go through this library, so that they can be taken away.
std::filesystem::path name_wrapper()
{
    for (const auto* place : {"/usr/lib/x86_64-linux-gnu/libnss_wrapper.so", "/usr/lib/aarch64-linux-gnu/libnss_wrapper.so",
                              "/usr/lib/libnss_wrapper.so"})
        if (std::filesystem::exists(place))
            return place;
    std::cout << "dns_gone is left out: there is no libnss_wrapper.so (on Debian: apt-get install libnss-wrapper)\n";
    return {};
}

run_options options_of(const arguments& a, const std::filesystem::path& here)
{
    run_options how;
    how.stage.seed = a.seed;
    how.stage.clients = a.clients;
    how.stage.keys = a.keys;
    how.stage.worker = here / "chaos_worker";
    how.stage.names = name_wrapper();
    how.stage.directory = a.directory;
    const int usual = a.profile == "smoke" ? 45 : a.profile == "chaos" ? 600 : 300;
    how.length = std::chrono::seconds{a.seconds != 0 ? a.seconds : usual};
    how.required = a.profile == "chaos" ? chaos_requirements() : smoke_requirements();
    return how;
}

bool play(const arguments& a, const std::filesystem::path& here)
{
    const auto stop = [] { return interrupted.load(); };
    const auto how = options_of(a, here);
    if (a.profile == "soak") {
        soak_options long_one;
        long_one.phase = how;
        long_one.length = std::chrono::minutes{a.minutes};
        return soak(std::move(long_one), stop);
    }
    const auto result = run(how, stop);
    save(how, result);
    std::cout << page_of(how, result)
              << "report, history and logs: " << std::filesystem::absolute(how.stage.directory).string() << '\n';
    return result.good();
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "chaos: client processes, an ensemble and a nemesis; then the judge.\n"
        "Exit code: 0 no rule was broken, and all was put to the test; 1 otherwise; 2 it could not be played.",
        "chaos"};
    arguments a;
    declare(app, a);
    CLI11_PARSE(app, argc, argv);
    if (a.seed == 0)
        a.seed = std::random_device{}();
    if (a.directory.empty())
        a.directory = a.profile == "soak" ? "soak" : "chaos-" + std::to_string(a.seed);
    std::cout << a.profile << ", seed " << a.seed << std::endl;
    ::signal(SIGINT, on_signal);
    ::signal(SIGTERM, on_signal);
    try {
        return play(a, std::filesystem::canonical("/proc/self/exe").parent_path()) ? 0 : 1;
    } catch (const std::exception& e) {
        std::cerr << "chaos: " << e.what() << '\n';
        return 2;
    }
}
