#include "verdict_json.hpp"

namespace orderdesk {

nlohmann::json as_json(const std::vector<finding>& findings)
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

nlohmann::json as_json(const verdict& v)
{
    return {{"guard", v.guard}, {"anomalies", v.anomalies}, {"answers", v.answers}, {"paid", v.paid},
            {"edits", v.edits}, {"median_us", v.median_us}, {"p99_us", v.p99_us},   {"findings", as_json(v.findings)}};
}

verdict verdict_from(const nlohmann::json& parsed)
{
    verdict v;
    v.guard = parsed.at("guard");
    v.anomalies = parsed.at("anomalies");
    v.answers = parsed.at("answers");
    v.paid = parsed.at("paid");
    v.edits = parsed.at("edits");
    v.median_us = parsed.at("median_us");
    v.p99_us = parsed.at("p99_us");
    v.findings = findings_from(parsed.at("findings"));
    return v;
}

nlohmann::json as_json(const messages_verdict& v)
{
    return {
        {"setting", v.setting},       {"anomalies", v.anomalies},       {"messages", v.messages}, {"sends", v.sends},
        {"deliveries", v.deliveries}, {"doubled", v.doubled},           {"missing", v.missing},   {"conflicts", v.conflicts},
        {"kills", v.kills},           {"findings", as_json(v.findings)}};
}

messages_verdict messages_verdict_from(const nlohmann::json& parsed)
{
    messages_verdict v;
    v.setting = parsed.at("setting");
    v.anomalies = parsed.at("anomalies");
    v.messages = parsed.at("messages");
    v.sends = parsed.at("sends");
    v.deliveries = parsed.at("deliveries");
    v.doubled = parsed.at("doubled");
    v.missing = parsed.at("missing");
    v.conflicts = parsed.at("conflicts");
    v.kills = parsed.at("kills");
    v.findings = findings_from(parsed.at("findings"));
    return v;
}

nlohmann::json as_json(const taps_verdict& v)
{
    return {{"setting", v.setting},       {"anomalies", v.anomalies},       {"taps", v.taps},
            {"placed", v.placed},         {"at_once", v.at_once},           {"again", v.again},
            {"slowest_us", v.slowest_us}, {"findings", as_json(v.findings)}};
}

taps_verdict taps_verdict_from(const nlohmann::json& parsed)
{
    taps_verdict v;
    v.setting = parsed.at("setting");
    v.anomalies = parsed.at("anomalies");
    v.taps = parsed.at("taps");
    v.placed = parsed.at("placed");
    v.at_once = parsed.at("at_once");
    v.again = parsed.at("again");
    v.slowest_us = parsed.at("slowest_us");
    v.findings = findings_from(parsed.at("findings"));
    return v;
}

}  // namespace orderdesk
