// Turnstile against the raw C client, in the same run: rounds alternate, so that what disturbs the machine disturbs both.
#include "report.hpp"
#include "workload.hpp"

#include <turnstile/testing/server.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <set>

namespace {

using namespace bench;

struct plan {
    int rounds = 9;
    std::set<std::string> only;
    bool quick = false;
    bool raw_only = false;
    std::string servers;
    std::filesystem::path results;
};

bool wanted(const plan& p, const workload& w)
{
    return p.only.empty() ||
           std::any_of(w.measures.begin(), w.measures.end(), [&](const measure& m) { return p.only.contains(m.id); });
}

std::vector<findings> chosen(const plan& p)
{
    std::vector<findings> all;
    for (auto& w : {uncontended_latency(), uncontended_rate(), one_key(2), one_key(8), one_key(32), many_waiters()}) {
        if (wanted(p, w))
            all.push_back({w, {}, std::vector<std::vector<reading>>(w.ours.size())});
    }
    return all;
}

arena arena_of(const plan& p, std::string servers)
{
    arena a;
    a.servers = std::move(servers);
    if (p.quick) {
        a.duration = std::chrono::milliseconds{400};
        a.samples = 100;
        a.waiters = 2'000;
    }
    return a;
}

/// All sides once. Every round begins with another side, so that none is always the one that follows the noise.
void one_round(findings& f, const arena& a, const plan& p, int number)
{
    const auto sides = p.raw_only ? 1 : f.what.ours.size() + 1;
    for (std::size_t turn = 0; turn < sides; ++turn) {
        const auto side = (turn + static_cast<std::size_t>(number)) % sides;
        if (side == 0)
            f.raw.push_back(f.what.raw(a));
        else
            f.ours[side - 1].push_back(f.what.ours[side - 1].go(a));
    }
}

void measure_all(std::vector<findings>& all, const arena& a, const plan& p)
{
    std::cerr << "warming the server up\n";
    auto warm_up = a;
    warm_up.duration *= p.quick ? 1 : 3;
    uncontended_rate().raw(warm_up);
    for (int round = 0; round < p.rounds; ++round) {
        for (auto& f : all) {
            std::cerr << "round " << round + 1 << " of " << p.rounds << ": " << f.what.title << '\n';
            one_round(f, a, p, round);
        }
    }
}

void keep(const std::filesystem::path& where, const std::vector<findings>& all)
{
    std::filesystem::create_directories(where);
    std::ofstream{where / "latest.md"} << as_markdown(all);
    std::ofstream{where / "latest.json"} << as_json(all);
}

/// As production has it: every write is on the disk before it is acknowledged, and a tick is two seconds.
turnstile::testing::server_options as_in_production()
{
    turnstile::testing::server_options o;
    o.tick = std::chrono::milliseconds{2000};
    o.fsync = true;
    return o;
}

}  // namespace

int main(int argc, char** argv)
try {
    plan p;
    std::vector<std::string> only;
    CLI::App app{"Measures Turnstile against libzookeeper_mt, in interleaved rounds of one run."};
    app.add_option("--rounds", p.rounds, "How often every side has its turn")
        ->capture_default_str()
        ->check(CLI::Range(1, 100));
    app.add_option("--only", only, "Workloads by id, for example P1,P4")->delimiter(',');
    app.add_flag("--quick", p.quick, "Short loops: shows that everything runs, measures little");
    app.add_flag("--raw-only", p.raw_only, "Leave Turnstile out");
    app.add_option("--servers", p.servers, "Use these running servers (default: start one, and stop it at the end)");
    app.add_option("--results", p.results, "Directory for latest.md and latest.json (default: write none)");
    CLI11_PARSE(app, argc, argv);
    p.only = {only.begin(), only.end()};

    auto all = chosen(p);
    if (all.empty())
        throw std::invalid_argument{"no workload has such an id"};
    std::optional<turnstile::testing::server> own;
    if (p.servers.empty())
        own.emplace(as_in_production());
    measure_all(all, arena_of(p, own ? own->connect_string() : p.servers), p);
    std::cout << as_markdown(all);
    if (!p.results.empty())
        keep(p.results, all);
    return 0;
} catch (const std::exception& failed) {
    std::cerr << "bench: " << failed.what() << '\n';
    return 1;
}
