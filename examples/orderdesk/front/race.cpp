#include "acts.hpp"
#include "court.hpp"
#include "desk/order_book.hpp"
#include "interrupt.hpp"
#include "pictures.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds session_timeout_of_race = 4s;
constexpr auto patience = 120s;

int count(database& book, std::string_view what)
{
    auto counting = book.prepare(what);
    counting.step();
    return static_cast<int>(counting.integer("n"));
}

int answered(database& buyers)
{
    // The buyers may not have opened their book yet.
    const bool open = count(buyers, "SELECT count(*) AS n FROM sqlite_master WHERE name = 'answers'") == 1;
    return open ? count(buyers, "SELECT count(*) AS n FROM answers") : 0;
}

void watch(stage& st, child& buyers, const settings& s, terminal& out)
{
    const auto began = std::chrono::steady_clock::now();
    const auto since = [&] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    };
    database book{st.dir() / "buyers.db"};
    while (buyers.running()) {
        out.progress("requests answered", answered(book), s.requests, since());
        pause(100ms);
        if (since() > patience)
            throw std::runtime_error{"the buyers are not done after " + seconds(patience)};
    }
    out.progress("requests answered", answered(book), s.requests, since());
    out.progress_ends();
    if (buyers.exit_code() != 0)
        st.expect_alive(buyers);
}

using events = std::vector<nlohmann::json>;

/// How many transactions were open, each on a connection, while the race went on.
void count_pinned(const events& told, race_result& r)
{
    std::chrono::microseconds all{};
    std::map<std::int64_t, int> changes;
    for (const auto& e : told) {
        if (e.at("event") != event::pinned)
            continue;
        const auto since = e.at("since").get<std::int64_t>();
        const auto until = e.at("t").get<std::int64_t>();
        all += std::chrono::microseconds{until - since};
        ++changes[since];
        --changes[until];
    }
    r.pinned = static_cast<double>(all.count()) / static_cast<double>(std::max<std::int64_t>(r.busy.count(), 1));
    for (int now = 0; const auto& [when, change] : changes)
        r.pinned_most = std::max(r.pinned_most, now += change);
}

/// Programs that start, and buyers who open their book, are no part of it.
std::chrono::microseconds time_of_requests(const events& told)
{
    const auto of_request = [](const nlohmann::json& e) { return e.contains("request"); };
    const auto first = std::ranges::find_if(told, of_request);
    const auto last = std::find_if(told.rbegin(), told.rend(), of_request);
    if (first == told.end())
        return {};
    return std::chrono::microseconds{last->at("t").get<std::int64_t>() - first->at("t").get<std::int64_t>()};
}

std::int64_t broken(const race_result& r, std::string_view rule)
{
    const auto found = std::ranges::find(r.judged.findings, rule, &finding::rule);
    return found == r.judged.findings.end() ? 0 : found->anomalies;
}

std::vector<std::string> with(std::vector<std::string> arguments, bool also, const std::vector<std::string>& more)
{
    if (also)
        arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

}  // namespace

child& start_the_race(stage& st, const settings& s, const std::string& guard, std::chrono::milliseconds session_timeout,
                      std::vector<std::string> more)
{
    st.start_service("pspd", "pspd", with({"--workers", "32"}, s.hurry, {"--answer-min", "0", "--answer-max", "0"}));
    const auto psp = std::to_string(st.port_of("pspd"));
    for (const auto* name : {"payd-1", "payd-2"})
        st.start_service("payd", name, st.guarded(guard, session_timeout, {"--psp", psp}));
    const auto editor = with({"--psp", psp}, s.hurry, {"--think-min", "0", "--think-max", "0"});
    for (const auto* name : {"priced-1", "priced-2"})
        st.start_service("priced", name, st.guarded(guard, session_timeout, editor));
    std::vector<std::string> arguments{"--seed",
                                       std::to_string(s.seed),
                                       "--orders",
                                       std::to_string(s.orders),
                                       "--requests",
                                       std::to_string(s.requests),
                                       "--at-once",
                                       std::to_string(s.at_once),
                                       "--pay",
                                       std::to_string(st.port_of("payd-1")),
                                       std::to_string(st.port_of("payd-2")),
                                       "--edit",
                                       std::to_string(st.port_of("priced-1")),
                                       std::to_string(st.port_of("priced-2"))};
    arguments = with(std::move(arguments), s.hurry, {"--hurry", "--rest", "0"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return st.start("buyers", "buyers", arguments);
}

race_result race(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard)
{
    stage st{zookeeper, *s.databases, s.dir / ("race-" + guard)};
    open_orders(st.orders(), guard, s.orders, s.seed);
    auto& buyers = start_the_race(st, s, guard, session_timeout_of_race, {});
    const auto began = now_us();
    watch(st, buyers, s, out);
    race_result r;
    r.took = std::chrono::microseconds{now_us() - began};
    r.judged = hold_court(st);
    const auto told = read_events(st.dir() / "events.jsonl");
    r.busy = time_of_requests(told);
    count_pinned(told, r);
    // The pictures know two ways: everybody at once, and one turn after the other.
    if (guard != "none" && guard != "lane")
        return r;
    if (const auto picture = picture_of_race(st.dir(), guard))
        r.picture = save_picture(*picture, s.pictures / ("race-" + guard + ".svg"));
    return r;
}

bool as_promised(const race_result& r)
{
    if (r.judged.guard == "none")
        return r.judged.anomalies > 0;
    const bool something_happened = r.judged.paid > 0 && r.judged.edits > 0;
    if (r.judged.guard == "version")
        return something_happened && broken(r, "lost_edit") == 0 && broken(r, "linear") == 0 &&
               broken(r, "answered_once") == 0;
    return something_happened && r.judged.anomalies == 0;
}

}  // namespace orderdesk
