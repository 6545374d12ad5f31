// P14: the race of the order desk, by what keeps two changes of one order apart: a lane and its fence, beside SELECT ... FOR
// UPDATE on the same kind of database. Guards alternate within each round, and each round begins with another one.
#include "numbers.hpp"
#include "production_server.hpp"
#include "statistics.hpp"

#include <turnstile/testing/database_server.hpp>
#include <turnstile/testing/temporary_directory.hpp>
#include "testing/child_process.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace bench;
using json = nlohmann::ordered_json;
namespace fs = std::filesystem;
namespace kit = turnstile::testing;

constexpr std::chrono::minutes patience{5};
constexpr std::array<const char*, 4> guards{"row", "lane", "version", "none"};

using figures = std::map<std::string, double>;  // by the name of the measure

struct plan {
    int rounds = 7;
    int orders = 60;
    int requests = 1'200;
    std::vector<std::string> databases{"sqlite", "postgres"};
    fs::path results;
};

/// One column of the desk's figures, and how the table calls it.
struct measure {
    const char* name;
    const char* figure;
    double unit;
};

constexpr std::array<measure, 5> measures{{{"orders/s", "orders_per_second", 1},
                                           {"requests/s", "requests_per_second", 1},
                                           {"p50 ms", "median_us", 1'000},
                                           {"p99 ms", "p99_us", 1'000},
                                           {"connections in a transaction", "pinned", 1}}};

/// The same requests, played with all guards.
struct contest {
    std::string database;
    bool hurry = false;
    std::map<std::string, std::vector<figures>> rounds;  // by guard

    std::string pace() const { return hurry ? "hurried" : "as played"; }
};

std::string everything_in(const fs::path& file)
{
    std::ostringstream all;
    all << std::ifstream{file}.rdbuf();
    return all.str();
}

/// The desk's own programs, on one ZooKeeper that serves the whole run.
class desk {
public:
    explicit desk(std::string servers) : servers_{std::move(servers)} {}

    /// A race that broke a promise measures nothing: throws std::runtime_error, with what the desk said.
    figures play(const plan& p, const contest& c, const std::string& guard, int round) const
    {
        const auto answer = dir_.path() / "figures.json";
        const auto log = dir_.path() / "log";
        fs::remove(answer);
        std::vector<std::string> command{BENCH_ORDERDESK, "race",
                                         "--guard",       guard,
                                         "--db",          c.database,
                                         "--seed",        std::to_string(round + 1),
                                         "--orders",      std::to_string(p.orders),
                                         "--requests",    std::to_string(p.requests),
                                         "--connect",     servers_,
                                         "--json",        answer,
                                         "--durable"};
        if (c.hurry)
            command.emplace_back("--hurry");
        kit::child_process race{command, log};
        const auto said = race.ended_within(patience) ? json::parse(std::ifstream{answer}, nullptr, false) : json{};
        if (!said.is_object() || (guard != "none" && !said.at("as_promised").get<bool>()))
            throw std::runtime_error{"the race, guard " + guard + ":\n" + everything_in(log)};
        figures shown;
        for (const auto& m : measures)
            shown[m.name] = said.at(m.figure).get<double>() / m.unit;
        return shown;
    }

private:
    std::string servers_;
    kit::temporary_directory dir_{"turnstile-bench-orders"};
};

std::vector<contest> contests(const plan& p)
{
    std::vector<contest> all;
    for (const auto& database : p.databases) {
        const auto why = database == "postgres" ? kit::database_server::missing(kit::database_kind::postgresql) : "";
        if (!why.empty()) {
            std::cerr << "bench: " << why << '\n';
            continue;
        }
        for (const bool hurry : {false, true})
            all.push_back({database, hurry, {}});
    }
    return all;
}

void measure_all(std::vector<contest>& all, const desk& played, const plan& p)
{
    for (int round = 0; round < p.rounds; ++round) {
        for (auto& c : all) {
            std::cerr << "round " << round + 1 << " of " << p.rounds << ": " << c.database << ", " << c.pace() << '\n';
            for (std::size_t turn = 0; turn < guards.size(); ++turn) {
                const auto* guard = guards.at((turn + static_cast<std::size_t>(round)) % guards.size());
                c.rounds[guard].push_back(played.play(p, c, guard, round));
            }
        }
    }
}

std::vector<double> column(const std::vector<figures>& rounds, const std::string& name)
{
    std::vector<double> values;
    for (const auto& r : rounds)
        values.push_back(r.at(name));
    return values;
}

/// To the row lock, round by round: what drifts over the minutes of a run cancels out.
std::vector<double> ratios(const contest& c, const std::string& guard, const std::string& name)
{
    auto values = column(c.rounds.at(guard), name);
    const auto row = column(c.rounds.at("row"), name);
    std::transform(values.begin(), values.end(), row.begin(), values.begin(), std::divides<>{});
    return values;
}

std::string number(double value) { return text(value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value); }

std::string cell(const std::vector<double>& values)
{
    return number(median(values)) + (values.size() > 1 ? " ±" + text("%.0f", spread(values) * 50) + " %" : "");
}

std::string as_markdown(const std::vector<contest>& all)
{
    std::string table = "| database | load | guard |";
    std::string rule = "|---|---|---|";
    for (const auto& m : measures) {
        table.append(" ").append(m.name).append(" |");
        rule += "--:|";
    }
    table += " orders/s, to the row lock's |\n" + rule + "--:|\n";
    for (const auto& c : all) {
        for (const auto* guard : guards) {
            table += "| " + c.database + " | " + c.pace() + " | " + guard + " |";
            for (const auto& m : measures)
                table += " " + cell(column(c.rounds.at(guard), m.name)) + " |";
            table += " " + number(median(ratios(c, guard, measures.front().name))) + " |\n";
        }
    }
    return table;
}

json summary(const std::vector<double>& values)
{
    return {{"median", median(values)}, {"spread", spread(values)}, {"rounds", values}};
}

json as_json(const std::vector<contest>& all, const plan& p)
{
    json results = json::array();
    for (const auto& c : all) {
        for (const auto* guard : guards) {
            json line{{"id", "P14"}, {"database", c.database}, {"load", c.pace()}, {"guard", guard}};
            for (const auto& m : measures)
                line[m.name] = summary(column(c.rounds.at(guard), m.name));
            line["ratio to row"] = summary(ratios(c, guard, measures.front().name));
            results.push_back(std::move(line));
        }
    }
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return {{"unix_time", now}, {"orders", p.orders}, {"requests", p.requests}, {"results", std::move(results)}};
}

}  // namespace

int main(int argc, char** argv)
try {
    plan p;
    bool quick = false;
    CLI::App app{
        "P14: the order desk's race with a lane and its fence, beside SELECT ... FOR UPDATE, in interleaved rounds."};
    app.add_option("--rounds", p.rounds, "How often every guard has its turn")
        ->capture_default_str()
        ->check(CLI::Range(1, 100));
    app.add_option("--databases", p.databases, "sqlite,postgres")
        ->delimiter(',')
        ->capture_default_str()
        ->check(CLI::IsMember({"sqlite", "postgres"}));
    app.add_flag("--quick", quick, "One short round: shows that everything runs, measures little");
    app.add_option("--results", p.results, "Directory for orders.md and orders.json (default: write none)");
    CLI11_PARSE(app, argc, argv);
    if (quick) {
        p.rounds = 1;
        p.orders = 10;
        p.requests = 200;
    }

    auto all = contests(p);
    const kit::server zookeeper{as_in_production()};
    measure_all(all, desk{zookeeper.connect_string()}, p);
    std::cout << as_markdown(all);
    if (!p.results.empty()) {
        fs::create_directories(p.results);
        std::ofstream{p.results / "orders.md"} << as_markdown(all);
        std::ofstream{p.results / "orders.json"} << as_json(all, p).dump(1) << '\n';
    }
    return 0;
} catch (const std::exception& failed) {
    std::cerr << "bench: " << failed.what() << '\n';
    return 1;
}
