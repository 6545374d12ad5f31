#include "page.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace turnstile::chaos {

namespace {

void write(const std::filesystem::path& file, const std::string& text)
{
    std::ofstream out{file};
    if (!(out << text).flush())
        throw std::runtime_error{"cannot write " + file.string()};
}

}  // namespace

std::string page_of(const run_options& how, const run_result& result)
{
    std::ostringstream page;
    page << "seed " << how.stage.seed << ", " << how.stage.clients << " clients, " << how.stage.keys
         << " keys, session timeout " << how.stage.session_timeout.count() << " ms\n";
    if (!result.harness.empty())
        page << "THE HARNESS FAILED: " << result.harness << '\n';
    for (const auto& name : result.stuck)
        page << "STUCK: client " << name << " did not end\n";
    for (const auto& what : result.veteran)
        page << "THE VETERAN " << what << '\n';
    page << to_text(result.verdict);
    if (!result.failures.empty())
        page << "\nanswers that were errors\n";
    for (const auto& [why, times] : result.failures)
        page << std::string(10 - std::min<std::size_t>(10, std::to_string(times).size()), ' ') << times << "  " << why
             << '\n';
    return page.str();
}

void save(const run_options& how, const run_result& result)
{
    write(how.stage.directory / "report.txt", page_of(how, result));
    auto json = nlohmann::ordered_json::parse(to_json(result.verdict));
    json["seed"] = how.stage.seed;
    json["stuck"] = result.stuck;
    json["veteran"] = result.veteran;
    json["harness"] = result.harness;
    json["errors"] = result.failures;
    write(how.stage.directory / "report.json", json.dump(2) + "\n");
    int number = 0;
    for (const auto& v : result.verdict.violations)
        write(how.stage.directory / ("violation-" + std::to_string(++number) + ".svg"), testing::to_svg(v));
}

}  // namespace turnstile::chaos
