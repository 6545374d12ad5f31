// Turnstile beside its peers, in the same run: rounds alternate, so that what disturbs the machine disturbs both.
#include "curator.hpp"
#include "report.hpp"
#include "workload.hpp"

#include <turnstile/testing/server.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace {

using namespace bench;

struct plan {
    int rounds = 9;
    std::set<std::string> only;
    bool quick = false;
    bool peers_only = false;
    std::string servers;
    std::filesystem::path results;
};

bool wanted(const plan& p, const workload& w)
{
    return p.only.empty() ||
           std::any_of(w.measures.begin(), w.measures.end(), [&](const measure& m) { return p.only.contains(m.id); });
}

std::vector<workload> everything()
{
    std::vector<workload> all{uncontended_latency(), uncontended_rate(), one_key(2),       one_key(8),
                              one_key(32),           many_waiters(),     local_hand_over()};
    const auto other = std::make_shared<curator>();
    for (const auto& some : {family_alone(other), family_races(other)})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

std::vector<findings> chosen(const plan& p)
{
    std::vector<findings> all;
    for (const auto& w : everything()) {
        if (wanted(p, w))
            all.push_back({w, {}, std::vector<std::vector<reading>>(w.ours.size())});
    }
    return all;
}

void name_who_is_missing(const std::vector<findings>& all)
{
    if (std::any_of(all.begin(), all.end(), [](const findings& f) { return !f.what.beside.go; }))
        std::cerr << "bench: Curator was not there when this was built, its column stays empty. On Debian 12: "
                     "apt-get install " +
                         curator::missing() + '\n';
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
    const auto sides = p.peers_only ? 1 : f.what.ours.size() + 1;
    for (std::size_t turn = 0; turn < sides; ++turn) {
        const auto side = (turn + static_cast<std::size_t>(number)) % sides;
        if (side != 0)
            f.ours[side - 1].push_back(f.what.ours[side - 1].go(a));
        else if (f.what.beside.go)
            f.theirs.push_back(f.what.beside.go(a));
    }
}

void measure_all(std::vector<findings>& all, const arena& a, const plan& p)
{
    std::cerr << "warming the server up\n";
    auto warm_up = a;
    warm_up.duration *= p.quick ? 1 : 3;
    uncontended_rate().beside.go(warm_up);
    warm_up.samples *= p.quick ? 1 : 4;
    for (const auto& f : all) {
        if (f.what.beside.go && f.what.beside.wants_warm_up) {
            std::cerr << "warming " << f.what.beside.name << " up: " << f.what.title << '\n';
            f.what.beside.go(warm_up);
        }
    }
    for (int round = 0; round < p.rounds; ++round) {
        for (auto& f : all) {
            std::cerr << "round " << round + 1 << " of " << p.rounds << ": " << f.what.title << '\n';
            one_round(f, a, p, round);
        }
    }
}

/// One report for each peer, by the name of its file.
std::map<std::string, std::vector<findings>> by_peer(const std::vector<findings>& all)
{
    std::map<std::string, std::vector<findings>> reports;
    for (const auto& f : all)
        reports[f.what.beside.file].push_back(f);
    return reports;
}

void keep(const std::filesystem::path& where, const std::string& name, const std::vector<findings>& report)
{
    std::filesystem::create_directories(where);
    std::ofstream{where / (name + ".md")} << as_markdown(report);
    std::ofstream{where / (name + ".json")} << as_json(report);
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
    CLI::App app{"Measures Turnstile beside its peers, in interleaved rounds of one run."};
    app.add_option("--rounds", p.rounds, "How often every side has its turn")
        ->capture_default_str()
        ->check(CLI::Range(1, 100));
    app.add_option("--only", only, "Workloads by id, for example P1,P4")->delimiter(',');
    app.add_flag("--quick", p.quick, "Short loops: shows that everything runs, measures little");
    app.add_flag("--peers-only", p.peers_only, "Leave Turnstile out");
    app.add_option("--servers", p.servers, "Use these running servers (default: start one, and stop it at the end)");
    app.add_option("--results", p.results, "Directory for a Markdown and a JSON file for each peer (default: write none)");
    CLI11_PARSE(app, argc, argv);
    p.only = {only.begin(), only.end()};

    auto all = chosen(p);
    if (all.empty())
        throw std::invalid_argument{"no workload has such an id"};
    name_who_is_missing(all);
    std::optional<turnstile::testing::server> own;
    if (p.servers.empty())
        own.emplace(as_in_production());
    measure_all(all, arena_of(p, own ? own->connect_string() : p.servers), p);
    for (const auto& [name, report] : by_peer(all)) {
        std::cout << as_markdown(report) << '\n';
        if (!p.results.empty())
            keep(p.results, name, report);
    }
    return 0;
} catch (const std::exception& failed) {
    std::cerr << "bench: " << failed.what() << '\n';
    return 1;
}
