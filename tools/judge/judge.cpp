// turnstile-judge reads a history of locks (docs/testing-histories.md) and says which rules were broken.
#include <turnstile/testing/history.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace turnstile::testing;

enum exit_code { kept = 0, broken = 1, cannot_judge = 2, empty = 3 };

struct arguments {
    std::vector<std::filesystem::path> files;
    std::filesystem::path svg;
    bool json = false;
    bool anything_goes = false;
    std::int64_t session_timeout = 2'000;
    std::int64_t standstill_max = 0;
    std::vector<std::string> required;
};

void declare(CLI::App& app, arguments& a)
{
    app.add_option("history", a.files, "Files of JSON lines; several are judged as one history")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_option("--svg", a.svg, "Draw the first violation (of several: name-2.svg, name-3.svg ...)");
    app.add_flag("--json", a.json, "For programs");
    app.add_option("--session-timeout", a.session_timeout, "T, in ms: what the servers granted")->capture_default_str();
    app.add_option("--standstill", a.standstill_max,
                   "How long, in ms, a line may stand still for no reason (default: 2 T + 2000)");
    app.add_option("--require", a.required,
                   "FIGURE=N: what must have happened for a verdict to mean anything; replaces the usual requirement");
    app.add_flag("--no-requirements", a.anything_goes, "Judge a history in which little happened");
}

judge_options options_of(const arguments& a)
{
    judge_options how;
    how.session_timeout = std::chrono::milliseconds{a.session_timeout};
    how.standstill_max = std::chrono::milliseconds{a.standstill_max};
    if (a.anything_goes)
        how.required.clear();
    for (const auto& r : a.required) {
        const auto equals = r.find('=');
        if (equals == r.npos)
            throw CLI::ValidationError{"--require", "FIGURE=N, not " + r};
        how.required[r.substr(0, equals)] = std::stoll(r.substr(equals + 1));
    }
    return how;
}

std::vector<history_event> read_all(const arguments& a)
{
    std::vector<history_event> all;
    for (const auto& file : a.files) {
        try {
            auto events = read_history(file);
            std::move(events.begin(), events.end(), std::back_inserter(all));
        } catch (const history_error& e) {
            throw std::runtime_error{file.string() + ": " + e.what()};
        }
    }
    return all;
}

void draw(const history_verdict& v, const std::filesystem::path& file)
{
    for (std::size_t i = 0; i < v.violations.size(); ++i) {
        auto name = file;
        if (i > 0)
            name.replace_filename(file.stem().string() + "-" + std::to_string(i + 1) + file.extension().string());
        std::ofstream out{name};
        if (!(out << to_svg(v.violations[i])).flush())
            throw std::runtime_error{"cannot write " + name.string()};
    }
}

int run(const arguments& a)
{
    const auto verdict = judge(read_all(a), options_of(a));
    std::cout << (a.json ? to_json(verdict) + "\n" : to_text(verdict));
    if (!a.svg.empty())
        draw(verdict, a.svg);
    switch (verdict.ruling) {
        case history_ruling::kept:
            return kept;
        case history_ruling::broken:
            return broken;
        case history_ruling::empty:
            break;
    }
    return empty;
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "turnstile-judge reads a history of locks and says which rules were broken.\n"
        "Exit code: 0 none, 1 some, 2 it could not judge, 3 none, but the history proves nothing.",
        "turnstile-judge"};
    arguments a;
    declare(app, a);
    try {
        app.parse(argc, argv);
        return run(a);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? kept : cannot_judge;
    } catch (const std::exception& e) {
        std::cerr << "turnstile-judge: " << e.what() << '\n';
        return cannot_judge;
    }
}
