// judge reads the books after a run and says which rules were broken. It takes no part in what it judges: it shares no
// memory with the services and asks none of them.
#include "desk/database.hpp"
#include "rules.hpp"
#include "services/service.hpp"
#include "verdict_json.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace orderdesk;

void print(const std::vector<finding>& findings)
{
    for (const auto& f : findings) {
        std::printf("%6s  %s\n", f.applies ? std::to_string(f.anomalies).c_str() : "-", f.title.c_str());
        for (const auto& e : f.examples)
            std::printf("          %s\n", e.c_str());
    }
}

template <class Verdict>
int tell(const Verdict& v, const std::string& guard, bool json)
{
    if (json) {
        std::printf("%s\n", as_json(v).dump(2).c_str());
    } else {
        print(v.findings);
        std::printf("%6lld  anomalies, guard: %s\n", static_cast<long long>(v.anomalies), guard.c_str());
    }
    return v.anomalies == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "judge reads the books of the order desk and says which rules were broken.\n"
        "Exit code: 0 none, 1 some, 2 it could not judge.",
        "judge"};
    std::filesystem::path dir;
    bool json = false;
    app.add_option("--dir", dir,
                   "Directory with orders.db, psp.db and buyers.db")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_flag("--json", json, "For programs");

    return program(argc, argv, app, [&] {
        const auto v = judge(dir);
        return tell(v, v.guard, json);
    });
}
