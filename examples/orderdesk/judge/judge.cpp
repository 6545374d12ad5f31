// judge reads the books after a run and says which rules were broken. It takes no part in what it judges: it shares no
// memory with the services and asks none of them.
#include "desk/database.hpp"
#include "rules.hpp"
#include "services/service.hpp"
#include "side_rules.hpp"
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
    bool messages = false;
    bool taps = false;
    app.add_option("--dir", dir,
                   "Directory with orders.db, psp.db and buyers.db; or broker.db and outbox.db; or checkout.db")
        ->required()
        ->check(CLI::ExistingDirectory);
    auto* of_messages = app.add_flag("--messages", messages, "Of the consumers of messages");
    app.add_flag("--taps", taps, "Of taps on \"buy\"")->excludes(of_messages);
    app.add_flag("--json", json, "For programs");

    return program(argc, argv, app, [&] {
        if (messages) {
            const auto v = judge_messages(dir);
            return tell(v, v.setting, json);
        }
        if (taps) {
            const auto v = judge_taps(dir);
            return tell(v, v.setting, json);
        }
        const auto v = judge(dir);
        return tell(v, v.guard, json);
    });
}
