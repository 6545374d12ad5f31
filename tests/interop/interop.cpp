// interop: contenders of three languages in one line, some of them killed; then the judge. See docs/interop.md.
#include "run.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace turnstile::interop;

struct arguments {
    run_options how;
    std::string lock = "mutex";
    std::vector<std::string> spoken{"cpp", "curator", "kazoo"};
};

void declare(CLI::App& app, arguments& a)
{
    auto& how = a.how;
    app.add_option("--lock", a.lock, "mutex, or shared: the read/write locks of all three")
        ->check(CLI::IsMember({"mutex", "shared"}))
        ->capture_default_str();
    app.add_option("--languages", a.spoken, "Who takes part")
        ->delimiter(',')
        ->check(CLI::IsMember({"cpp", "curator", "kazoo"}))
        ->capture_default_str();
    app.add_option("--kazoo-names", how.kazoo_names, "told: its own names, and told of ours; shared: ours (kazoo/locks.py)")
        ->check(CLI::IsMember({"own", "told", "shared"}))
        ->capture_default_str();
    app.add_option("--share", how.share, "Grants for each language, at least")->capture_default_str();
    app.add_option("--processes", how.processes, "Of each language")->capture_default_str()->check(CLI::Range(1, 20));
    app.add_option("--callers", how.callers, "In each process")->capture_default_str()->check(CLI::Range(1, 50));
    app.add_option("--kills", how.kills, "Of each language, every second one in the midst of its turn")
        ->capture_default_str();
    app.add_option("--directory", how.directory, "Where history and logs go")->capture_default_str();
}

run_options options_of(const arguments& a)
{
    auto how = a.how;
    how.read_write = a.lock == "shared";
    how.spoken.clear();
    for (const auto& name : a.spoken)
        how.spoken.push_back(language_of(name));
    return how;
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "interop: Turnstile, Curator and kazoo in one line; then the judge.\n"
        "Exit code: 0 no rule was broken, and all was put to the test; 1 otherwise; 2 it could not be played.",
        "interop"};
    arguments a;
    a.how.directory = "interop-run";
    declare(app, a);
    CLI11_PARSE(app, argc, argv);
    try {
        const auto how = options_of(a);
        const auto result = run(how);
        std::cout << page_of(how, result) << "history and logs: " << std::filesystem::absolute(how.directory).string()
                  << '\n';
        return result.good() ? 0 : 1;
    } catch (const std::exception& e) {
        std::cerr << "interop: " << e.what() << '\n';
        return 2;
    }
}
