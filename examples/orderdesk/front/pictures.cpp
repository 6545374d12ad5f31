#include "pictures.hpp"

#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "desk/order.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

namespace orderdesk {

namespace {

using time = timeline::time;

constexpr time unknown = -1;
constexpr time gap_us = 4'000;  // between two bursts nothing happens to an order for longer than this

/// One request, as the event log tells it.
struct visit {
    std::string process;
    std::string request;
    std::string outcome;  // empty: not told
    time queued = unknown;
    time granted = unknown;
    time asking = unknown;
    time charged = unknown;
    time released = unknown;
    time told = unknown;
    time settled = unknown;
    std::vector<std::pair<time, std::string>> wrote;
    std::vector<time> lost;
    std::vector<time> fenced;

    bool pays() const { return request.starts_with("tap"); }
    time from() const { return queued != unknown ? queued : granted; }
    time last() const
    {
        return std::max({queued, granted, asking, charged, released, wrote.empty() ? unknown : wrote.back().first,
                         fenced.empty() ? unknown : fenced.back()});
    }
    bool did(const char* what) const
    {
        return std::ranges::any_of(wrote, [what](const auto& w) { return w.second == what; });
    }
};

struct fate {
    std::string process;
    std::string what;
    time at = 0;
};

struct capture {
    time at = 0;
    std::int64_t amount = 0;
};

struct life {
    std::vector<visit> visits;  // by their beginning
    std::vector<timeline::price_step> prices;
    std::vector<timeline::status_step> statuses;
    std::vector<capture> captures;
};

/// Everything about all orders, read once.
struct records {
    std::map<order_id, life> lives;
    std::vector<fate> fates;
};

void note(visit& v, const nlohmann::json& e)
{
    const auto at = e.at("t").get<time>();
    const auto what = e.at("event").get<std::string>();
    v.process = e.at("process");
    v.request = e.at("request");
    if (what == event::queued)
        v.queued = at;
    else if (what == event::granted)
        v.granted = at;
    else if (what == event::asking)
        v.asking = at;
    else if (what == event::charged)
        v.charged = at;
    else if (what == event::released) {
        v.released = at;
        v.outcome = e.value("outcome", "");
    } else if (what == event::told)
        v.told = at;
    else if (what == event::settled)
        v.settled = at;
    else if (what == event::wrote)
        v.wrote.emplace_back(at, e.at("action"));
    else if (what == event::lost)
        v.lost.push_back(at);
    else if (what == event::fenced)
        v.fenced.push_back(at);
}

records read_records(const std::filesystem::path& dir)
{
    records r;
    // A buyer who has no answer asks another process the same.
    std::map<std::tuple<order_id, std::string, std::string>, visit> visits;
    for (const auto& e : read_events(dir / "events.jsonl")) {
        const auto what = e.at("event").get<std::string>();
        if (e.contains("request"))
            note(visits[{e.at("order").get<order_id>(), e.at("process").get<std::string>(),
                         e.at("request").get<std::string>()}],
                 e);
        else if (what != event::session)
            r.fates.push_back({e.at("process"), what, e.at("t")});
    }
    for (auto& [key, v] : visits)
        r.lives[std::get<0>(key)].visits.push_back(std::move(v));
    for (auto& [id, l] : r.lives)
        std::ranges::sort(l.visits, {}, &visit::from);

    database books{dir / "orders.db"};
    books.attach(dir / "psp.db", "psp");
    for (auto row = books.prepare("SELECT * FROM history ORDER BY seq"); row.step();) {
        auto& l = r.lives[row.integer("order_id")];
        l.prices.push_back({row.integer("at_us"), row.integer("price")});
        l.statuses.push_back({row.integer("at_us"), row.text("status")});
    }
    for (auto row = books.prepare("SELECT * FROM psp.captures ORDER BY at_us"); row.step();)
        r.lives[row.integer("order_id")].captures.push_back({row.integer("at_us"), row.integer("amount")});
    return r;
}

std::string money(std::int64_t cents)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(cents) / 100);
    return text.data();
}

std::string outcome(const visit& v, bool killed)
{
    if (killed)
        return v.request;
    if (!v.fenced.empty())
        return v.request + ": refused";
    if (!v.outcome.empty())
        return v.request + ": " + v.outcome;
    if (v.did(action::paid))
        return v.request + ": paid";
    return v.request + (v.did(action::edited) ? ": edited" : ": refused");
}

timeline::request drawn(const visit& v, time end, time held_until, bool killed)
{
    timeline::request r;
    using kind = timeline::kind;
    const time left = v.released != unknown ? v.released : (v.fenced.empty() ? end : v.fenced.back());
    if (v.queued != unknown)
        r.spans.push_back({v.queued, v.granted != unknown ? v.granted : left, kind::waiting});
    if (v.granted != unknown)
        r.spans.push_back({v.granted, std::min(left, held_until), v.pays() ? kind::paying : kind::editing});
    if (v.granted != unknown && held_until < left)
        r.spans.push_back({held_until, left, kind::believing});
    if (v.asking != unknown)
        r.spans.push_back({v.asking,
                           std::min(left, std::max(v.charged, v.settled) != unknown ? std::max(v.charged, v.settled) : left),
                           kind::calling});
    r.label = outcome(v, killed);
    return r;
}

void draw_fates(timeline& t, const std::vector<fate>& fates)
{
    for (const auto& f : fates) {
        const auto lane = std::ranges::find(t.lanes, f.process, &timeline::lane::name);
        if (lane == t.lanes.end())
            continue;
        if (f.what == event::killed)
            lane->marks.push_back(
                {f.at, timeline::sign::killed,
                 f.process.starts_with("payd") ? "killed after the charge, before its write" : "killed while it holds"});
        if (f.what == event::frozen)
            lane->frozen.push_back({f.at, t.to, timeline::kind::frozen});
        if (f.what == event::woken && !lane->frozen.empty())
            lane->frozen.back().to = f.at;
    }
}

/// Steps that lie in the window, and the one in force at its beginning.
template <class Step>
std::vector<Step> within(const std::vector<Step>& steps, time from, time to)
{
    std::vector<Step> seen;
    for (auto s : steps) {
        if (s.at > to)
            break;
        s.at = std::max(s.at, from);
        if (!seen.empty() && seen.back().at == s.at)
            seen.back() = s;
        else
            seen.push_back(s);
    }
    return seen;
}

/// The moment at which somebody else was granted what this one believed to hold; `end` if nobody was.
time superseded(const life& l, const visit& holder, time end)
{
    for (const auto& v : l.visits)
        if (holder.fenced.size() + holder.lost.size() > 0 && v.granted > holder.granted)
            end = std::min(end, v.granted);
    return end;
}

std::vector<timeline::status_step> merged(const std::vector<timeline::status_step>& steps)
{
    std::vector<timeline::status_step> changes;
    for (const auto& s : steps)
        if (changes.empty() || changes.back().status != s.status)
            changes.push_back(s);
    return changes;
}

/// Requests that begin after `last` are left out.
timeline draw(const life& l, const std::vector<fate>& fates, time from, time to, time last)
{
    timeline t;
    t.from = from;
    t.to = to;
    std::map<std::string, timeline::lane> lanes;  // by name: payd before priced
    for (const auto& v : l.visits) {
        auto& lane = lanes[v.process];
        lane.name = v.process;
        if (v.last() < from || v.from() > last)
            continue;
        const auto death = std::ranges::find_if(
            fates, [&](const fate& f) { return f.process == v.process && f.what == event::killed && f.at >= v.from(); });
        const time end = death != fates.end() ? death->at : to;
        lane.requests.push_back(drawn(v, end, superseded(l, v, end), death != fates.end()));
        if (v.told != unknown)
            lane.marks.push_back({v.told, timeline::sign::told, "is told, asks the provider, marks the order paid"});
        for (const auto at : v.lost)
            lane.marks.push_back({at, timeline::sign::lost, ""});
        for (const auto at : v.fenced)
            lane.marks.push_back({at, timeline::sign::fenced, "lost, and 0 rows changed"});
    }
    for (auto& [name, lane] : lanes)
        t.lanes.push_back(std::move(lane));
    draw_fates(t, fates);
    t.prices = within(l.prices, from, to);
    t.statuses = merged(within(l.statuses, from, to));
    // The order was there before the picture begins.
    if (!t.prices.empty())
        t.prices.front().at = t.statuses.front().at = from;
    for (const auto& c : l.captures)
        if (c.at >= from && c.at <= to)
            t.charges.push_back({c.at, c.amount});
    return t;
}

struct window {
    time from = 0;
    time to = 0;
    int crowd = 0;  ///< requests in the payment's own burst
};

/// The burst in which the order was paid first, with its neighbours.
std::optional<window> payment_of(const life& l)
{
    std::vector<window> bursts;
    std::optional<std::size_t> payment;
    for (const auto& v : l.visits) {
        if (v.granted == unknown)
            continue;
        if (bursts.empty() || v.from() > bursts.back().to + gap_us)
            bursts.push_back({v.from(), v.last(), 0});
        bursts.back().to = std::max(bursts.back().to, v.last());
        ++bursts.back().crowd;
        if (!payment && v.did(action::charging))
            payment = bursts.size() - 1;
    }
    if (!payment)
        return std::nullopt;
    auto w = bursts[*payment];
    if (*payment > 0)
        w.from = bursts[*payment - 1].from;
    if (*payment + 1 < bursts.size())
        w.to = bursts[*payment + 1].to;
    return w;
}

bool shows_all_charges(const life& l, const window& w)
{
    return std::ranges::all_of(l.captures, [&](const capture& c) { return c.at >= w.from && c.at <= w.to; });
}

int wrongs(const life& l)
{
    const auto last_price = l.prices.back().cents;
    const auto wrong = std::ranges::count_if(l.captures, [&](const capture& c) { return c.amount != last_price; });
    return static_cast<int>(wrong) * 2 + (l.captures.size() > 1 ? 3 : 0);
}

/// How much there is to see.
int interest(const life& l, const window& w, bool guarded)
{
    const auto changes = std::ranges::count_if(l.visits, [&](const visit& v) {
        return v.from() >= w.from && v.last() <= w.to && (v.did(action::edited) || v.did(action::paid));
    });
    return w.crowd * 2 + static_cast<int>(changes) + (guarded ? 0 : 4 * wrongs(l));
}

std::string charges_in_words(const life& l)
{
    std::string words = "Charged ";
    for (std::size_t i = 0; i < l.captures.size(); ++i)
        words += (i == 0 ? "" : " and ") + money(l.captures[i].amount);
    return words + "; the order shows " + money(l.prices.back().cents) + ".";
}

}  // namespace

std::optional<timeline> picture_of_race(const std::filesystem::path& dir, const std::string& guard)
{
    const bool guarded = guard != "none";
    const auto r = read_records(dir);
    const life* best = nullptr;
    order_id which = 0;
    window shown;
    int most = 0;
    for (const auto& [id, l] : r.lives)
        if (const auto w = payment_of(l); w && shows_all_charges(l, *w) && interest(l, *w, guarded) > most) {
            best = &l;
            which = id;
            shown = *w;
            most = interest(l, *w, guarded);
        }
    if (best == nullptr)
        return std::nullopt;

    const time margin = (shown.to - shown.from) / 40;
    auto t = draw(*best, r.fates, shown.from - margin, shown.to + 3 * margin, shown.to);
    t.guarded = guarded;
    t.title = "Order " + std::to_string(which) +
              (guarded ? ", in its lane: one turn after the other" : ", without a guard: everybody at once");
    t.subtitle = (guarded ? "Buyers pay while merchants edit the price. Each waits its turn, reads, and then writes. "
                          : "Buyers pay while merchants edit the price. Each reads, thinks, and writes over the others. ") +
                 charges_in_words(*best);
    return t;
}

/// When the first one was granted after the kill or the freeze.
std::optional<timeline::remark> succession(const life& l, const std::vector<fate>& fates)
{
    if (fates.empty())
        return std::nullopt;
    std::optional<time> next;
    for (const auto& v : l.visits)
        if (v.granted > fates.front().at && (!next || v.granted < *next))
            next = v.granted;
    if (!next)
        return std::nullopt;
    const auto later = (*next - fates.front().at) / 1000;
    return timeline::remark{*next, "its session is over: the next is granted, " + std::to_string(later) + " ms later"};
}

timeline picture_of_act(const std::filesystem::path& dir, const std::string& title, const std::string& subtitle)
{
    const auto r = read_records(dir);
    const auto& l = r.lives.at(1);
    time from = l.visits.front().from();
    time to = from;
    for (const auto& v : l.visits)
        to = std::max(to, v.last());
    const time margin = (to - from) / 30;
    auto t = draw(l, r.fates, from - margin, to + 7 * margin, to);
    // Who came first stands on top, so that the turns go down like stairs.
    std::ranges::stable_sort(t.lanes, {},
                             [](const timeline::lane& lane) { return lane.requests.front().spans.front().from; });
    if (auto next = succession(l, r.fates))
        t.remarks.push_back(*std::move(next));
    t.title = title;
    t.subtitle = subtitle;
    return t;
}

std::filesystem::path save_picture(const timeline& t, const std::filesystem::path& file)
{
    return save_picture(to_svg(t), file);
}

std::filesystem::path save_picture(const std::string& svg, const std::filesystem::path& file)
{
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out{file};
    out << svg;
    if (!out.flush())
        throw std::runtime_error{"cannot write " + file.string()};
    return file;
}

}  // namespace orderdesk
