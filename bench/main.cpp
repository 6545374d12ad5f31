// Turnstile beside its peers, in the same run: rounds alternate, so that what disturbs the machine disturbs both.
#include "library.hpp"
#include "numbers.hpp"
#include "production_server.hpp"
#include "report.hpp"
#include "workload.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
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
    int rounds = 5;
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

std::vector<findings> chosen(const plan& p)
{
    const libraries others;
    std::vector<findings> all;
    for (const auto& part : {uncontended, contended, many_keys, fresh_keys, refused_tries, family_alone, family_races,
                             many_waiters, local_hand_over, deep_queue, far_away}) {
        for (auto& w : part(others)) {
            if (wanted(p, w))
                all.emplace_back(std::move(w));
        }
    }
    return all;
}

void name_who_is_missing(const std::vector<findings>& all)
{
    std::map<std::string, std::string> missing;
    for (const auto& f : all) {
        for (const auto& p : f.what.peers) {
            if (!p.go)
                missing[p.name] = p.missing;
        }
    }
    for (const auto& [name, packages] : missing)
        std::cerr << "bench: " << name << " was not there when this was built, its column stays empty. On Debian 12: "
                  << "apt-get install " << packages << '\n';
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

/// And how long it took, for whoever waits for the end.
template <class Work>
void announced(const std::string& what, Work work)
{
    using clock = std::chrono::steady_clock;
    std::cerr << what << std::flush;
    const auto begun = clock::now();
    work();
    const std::chrono::duration<double> lasted = clock::now() - begun;
    std::cerr << text(", %.1f s\n", lasted.count());
}

/// All sides once. Every round begins with another side, so that none is always the one that follows the noise.
void one_round(findings& f, const arena& a, const plan& p, int number)
{
    const auto peers = f.what.peers.size();
    const auto sides = peers + (p.peers_only ? 0 : f.what.ours.size());
    for (std::size_t turn = 0; turn < sides; ++turn) {
        const auto side = (turn + static_cast<std::size_t>(number)) % sides;
        if (side >= peers)
            f.ours[side - peers].push_back(f.what.ours[side - peers].go(a));
        else if (f.what.peers[side].go)
            f.theirs[side].push_back(f.what.peers[side].go(a));
    }
}

/// The server, and whoever is compiled while it runs: the first workload, which all others build upon, longer than these.
void warm_up(const std::vector<findings>& all, const arena& a, const plan& p)
{
    auto longer = a;
    longer.duration *= p.quick ? 1 : 5;
    longer.samples *= p.quick ? 1 : 5;
    announced("warming the server up", [&] { keep_busy(longer); });
    for (const auto& f : all) {
        for (const auto& one : f.what.peers) {
            if (one.go && one.wants_warm_up)
                announced("warming " + one.name + " up: " + f.what.title, [&] { one.go(&f == &all.front() ? longer : a); });
        }
    }
}

void measure_all(std::vector<findings>& all, const arena& a, const plan& p)
{
    warm_up(all, a, p);
    for (int round = 0; round < p.rounds; ++round) {
        for (auto& f : all) {
            if (round < f.what.rounds_max)
                announced("round " + std::to_string(round + 1) + " of " + std::to_string(p.rounds) + ": " + f.what.title,
                          [&] { one_round(f, a, p, round); });
        }
    }
}

void keep(const std::filesystem::path& where, const std::vector<findings>& all)
{
    std::filesystem::create_directories(where);
    std::ofstream{where / "latest.md"} << as_markdown(all);
    std::ofstream{where / "latest.json"} << as_json(all);
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
    app.add_option("--results", p.results, "Directory for latest.md and latest.json (default: write none)");
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
    std::cout << as_markdown(all) << '\n';
    if (!p.results.empty())
        keep(p.results, all);
    return 0;
} catch (const std::exception& failed) {
    std::cerr << "bench: " << failed.what() << '\n';
    return 1;
}
