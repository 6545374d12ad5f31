#include "verdict_json.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace orderdesk {

namespace {

template <class Verdict>
using numbers = std::pair<const char*, std::int64_t Verdict::*>;

/// What a verdict is called, and what it counts.
template <class Verdict>
struct members;

template <>
struct members<verdict> {
    static constexpr std::pair called{"guard", &verdict::guard};
    static constexpr auto counts = std::to_array<numbers<verdict>>({{"anomalies", &verdict::anomalies},
                                                                    {"answers", &verdict::answers},
                                                                    {"paid", &verdict::paid},
                                                                    {"edits", &verdict::edits},
                                                                    {"median_us", &verdict::median_us},
                                                                    {"p99_us", &verdict::p99_us}});
};

template <>
struct members<messages_verdict> {
    static constexpr std::pair called{"setting", &messages_verdict::setting};
    static constexpr auto counts = std::to_array<numbers<messages_verdict>>({{"anomalies", &messages_verdict::anomalies},
                                                                             {"messages", &messages_verdict::messages},
                                                                             {"sends", &messages_verdict::sends},
                                                                             {"deliveries", &messages_verdict::deliveries},
                                                                             {"doubled", &messages_verdict::doubled},
                                                                             {"missing", &messages_verdict::missing},
                                                                             {"conflicts", &messages_verdict::conflicts},
                                                                             {"kills", &messages_verdict::kills}});
};

template <>
struct members<taps_verdict> {
    static constexpr std::pair called{"setting", &taps_verdict::setting};
    static constexpr auto counts = std::to_array<numbers<taps_verdict>>({{"anomalies", &taps_verdict::anomalies},
                                                                         {"taps", &taps_verdict::taps},
                                                                         {"placed", &taps_verdict::placed},
                                                                         {"at_once", &taps_verdict::at_once},
                                                                         {"again", &taps_verdict::again},
                                                                         {"slowest_us", &taps_verdict::slowest_us}});
};

nlohmann::json written(const std::vector<finding>& findings)
{
    auto list = nlohmann::json::array();
    for (const auto& f : findings)
        list.push_back({{"rule", f.rule},
                        {"title", f.title},
                        {"applies", f.applies},
                        {"anomalies", f.anomalies},
                        {"examples", f.examples}});
    return list;
}

std::vector<finding> findings_from(const nlohmann::json& parsed)
{
    std::vector<finding> findings;
    for (const auto& f : parsed)
        findings.push_back({f.at("rule"), f.at("title"), f.at("applies"), f.at("anomalies"), f.at("examples")});
    return findings;
}

}  // namespace

template <class Verdict>
nlohmann::json as_json(const Verdict& v)
{
    using of = members<Verdict>;
    nlohmann::json all{{of::called.first, v.*of::called.second}, {"findings", written(v.findings)}};
    for (const auto& [name, count] : of::counts)
        all[name] = v.*count;
    return all;
}

template <class Verdict>
Verdict verdict_from(const nlohmann::json& parsed)
{
    using of = members<Verdict>;
    Verdict v;
    v.*of::called.second = parsed.at(of::called.first).template get<std::string>();
    for (const auto& [name, count] : of::counts)
        v.*count = parsed.at(name).template get<std::int64_t>();
    v.findings = findings_from(parsed.at("findings"));
    return v;
}

template nlohmann::json as_json(const verdict& v);
template nlohmann::json as_json(const messages_verdict& v);
template nlohmann::json as_json(const taps_verdict& v);

template verdict verdict_from(const nlohmann::json& parsed);
template messages_verdict verdict_from(const nlohmann::json& parsed);
template taps_verdict verdict_from(const nlohmann::json& parsed);

}  // namespace orderdesk
