#include "activity.hpp"

#include "desk/database.hpp"
#include "desk/event_log.hpp"
#include "svg_sheet.hpp"

#include <algorithm>
#include <map>

namespace orderdesk {

namespace {

using time = activity::time;

// Pixels.
constexpr double left = svg_sheet::left;
constexpr double span = svg_sheet::width - svg_sheet::left - svg_sheet::right;
constexpr double header = 96;
constexpr double fault_row = 24;
constexpr double chart = 190;

constexpr time bin = 100'000;  // microseconds

class drawing {
public:
    explicit drawing(const activity& a) : a_{a} {}

    std::string draw()
    {
        const double chart_top = header + fault_row * static_cast<double>(a_.faults.size()) + 16;
        draw_faults(chart_top + chart);
        draw_turns(chart_top);
        draw_axis(chart_top + chart);
        return sheet_.page(chart_top + chart + 58, a_.title, a_.subtitle);
    }

private:
    double x(time at) const
    {
        const double share = static_cast<double>(at - a_.from) / static_cast<double>(std::max<time>(a_.to - a_.from, 1));
        return left + std::clamp(share, 0.0, 1.0) * span;
    }

    /// One row each, and a shadow down to the turns.
    void draw_faults(double bottom)
    {
        sheet_.row_name(header + 12, "servers");
        double y = header;
        for (const auto& f : a_.faults) {
            const double w = std::max(x(f.to) - x(f.from), 3.0);
            sheet_.box(x(f.from), y, w, bottom - y, colour::red, "fill-opacity=\"0.06\"");
            sheet_.box(x(f.from), y, w, 14, colour::red, "fill-opacity=\"0.75\" rx=\"2\"");
            const double behind = x(f.from) + w + 6;
            const bool room = behind + width_of_label(f.what) < svg_sheet::width - 4;
            sheet_.text(room ? behind : x(f.from) - 6, y + 11, f.what, colour::red, room ? "" : "text-anchor=\"end\"");
            y += fault_row;
        }
    }

    void draw_turns(double top)
    {
        std::map<time, int> bins;
        for (const auto t : a_.turns)
            ++bins[(t - a_.from) / bin];
        int most = 1;
        for (const auto& [at, n] : bins)
            most = std::max(most, n);
        const double w = span * static_cast<double>(bin) / static_cast<double>(std::max<time>(a_.to - a_.from, 1));
        for (const auto& [at, n] : bins) {
            const double h = (chart - 10) * n / most;
            sheet_.box(x(a_.from + at * bin), top + chart - h, std::max(w - 0.6, 0.8), h, colour::blue);
        }
        sheet_.row_name(top + chart / 2, "turns");
        sheet_.text(left - 14, top + chart / 2 + 16, "in 0.1 s", colour::faint, "text-anchor=\"end\"");
        sheet_.text(left - 14, top + 14, std::to_string(most), colour::faint, "text-anchor=\"end\"");
        sheet_.text(left - 14, top + chart, "0", colour::faint, "text-anchor=\"end\"");
    }

    void draw_axis(double y)
    {
        sheet_.line(left, y, left + span, y, colour::axis);
        const auto all = (a_.to - a_.from) / 1'000'000;
        for (time s = 0; s <= all; s += all > 40 ? 5 : all > 15 ? 2 : 1)
            sheet_.text(x(a_.from + s * 1'000'000), y + 16, std::to_string(s), colour::faint, "text-anchor=\"middle\"");
        sheet_.text(left + span, y + 34, "seconds", colour::faint, "text-anchor=\"end\"");
    }

    const activity& a_;
    svg_sheet sheet_;
};

}  // namespace

std::string to_svg(const activity& a) { return drawing{a}.draw(); }

activity activity_of(const std::filesystem::path& dir)
{
    activity a;
    database book{(dir / "orders.db").string()};
    for (auto row = book.prepare("SELECT at_us FROM turns ORDER BY at_us"); row.step();)
        a.turns.push_back(row.integer("at_us"));
    if (!a.turns.empty()) {
        a.from = a.turns.front() - 300'000;
        a.to = a.turns.back() + 300'000;
    }
    for (const auto& e : read_events(dir / "events.jsonl"))
        if (e.at("event") == event::fault)
            a.faults.push_back({e.at("since"), e.at("t"), e.at("what")});
    return a;
}

}  // namespace orderdesk
