// judge reads the books after a run and says which rules were broken. It takes no part in what it judges: it shares no
// memory with the services and asks none of them.
#include "desk/database.hpp"
#include "rules.hpp"
#include "services/service.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

namespace {

using namespace orderdesk;

nlohmann::json as_json(const verdict& v)
{
    auto findings = nlohmann::json::array();
    for (const auto& f : v.findings)
        findings.push_back({{"rule", f.rule},
                            {"title", f.title},
                            {"applies", f.applies},
                            {"anomalies", f.anomalies},
                            {"examples", f.examples}});
    return {{"guard", v.guard}, {"anomalies", v.anomalies}, {"answers", v.answers}, {"paid", v.paid},
            {"edits", v.edits}, {"median_us", v.median_us}, {"p99_us", v.p99_us},   {"findings", findings}};
}

void print(const verdict& v)
{
    for (const auto& f : v.findings) {
        std::printf("%6s  %s\n", f.applies ? std::to_string(f.anomalies).c_str() : "-", f.title.c_str());
        for (const auto& e : f.examples)
            std::printf("          %s\n", e.c_str());
    }
    std::printf("%6lld  anomalies, guard: %s\n", static_cast<long long>(v.anomalies), v.guard.c_str());
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
    app.add_option("--dir", dir, "Directory with orders.db, psp.db and buyers.db")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_flag("--json", json, "For programs");

    return program(argc, argv, app, [&] {
        const auto v = judge(dir);
        if (json)
            std::printf("%s\n", as_json(v).dump(2).c_str());
        else
            print(v);
        return v.anomalies == 0 ? 0 : 1;
    });
}
