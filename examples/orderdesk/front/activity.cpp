#include "activity.hpp"

#include "desk/database.hpp"
#include "desk/event_log.hpp"

#include <algorithm>
#include <cstddef>
#include <iomanip>
#include <map>
#include <sstream>
#include <string_view>

namespace orderdesk {

namespace {

using time = activity::time;

// Pixels.
constexpr double width = 1180;
constexpr double left = 110;
constexpr double right = 30;
constexpr double header = 96;
constexpr double fault_row = 24;
constexpr double chart = 190;
constexpr double character = 6.6;

constexpr time bin = 100'000;  // microseconds

constexpr auto ink = "#1f2933";
constexpr auto faint = "#6b7785";
constexpr auto turn_colour = "#1d6fb8";
constexpr auto fault_colour = "#c81e1e";

class drawing {
public:
    explicit drawing(const activity& a) : a_{a} { out_ << std::fixed << std::setprecision(1); }

    std::string draw()
    {
        text(24, 38, a_.title, ink, "font-weight=\"700\"", 20);
        text(24, 62, a_.subtitle, faint, "", 13.5);
        const double chart_top = header + fault_row * static_cast<double>(a_.faults.size()) + 16;
        draw_faults(chart_top + chart);
        draw_turns(chart_top);
        draw_axis(chart_top + chart);
        const double height = chart_top + chart + 58;
        std::ostringstream svg;
        svg << std::fixed << std::setprecision(1) << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width
            << " " << height << "\" width=\"" << width << "\" height=\"" << height
            << "\" font-family=\"Inter, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n"
            << "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
            << out_.str() << "</svg>\n";
        return svg.str();
    }

private:
    double x(time at) const
    {
        const double share = static_cast<double>(at - a_.from) / static_cast<double>(std::max<time>(a_.to - a_.from, 1));
        return left + std::clamp(share, 0.0, 1.0) * (width - left - right);
    }

    void text(double at_x, double at_y, std::string_view what, std::string_view colour, std::string_view more = {},
              double size = 11.5)
    {
        out_ << "<text x=\"" << at_x << "\" y=\"" << at_y << "\" font-size=\"" << size << "\" fill=\"" << colour << "\" "
             << more << ">" << what << "</text>\n";
    }

    void box(double at_x, double at_y, double w, double h, std::string_view colour, std::string_view more = {})
    {
        out_ << "<rect x=\"" << at_x << "\" y=\"" << at_y << "\" width=\"" << w << "\" height=\"" << h << "\" fill=\""
             << colour << "\" " << more << "/>\n";
    }

    /// One row each, and a shadow down to the turns.
    void draw_faults(double bottom)
    {
        text(left - 14, header + 12, "servers", ink, "text-anchor=\"end\" font-weight=\"600\"", 13);
        double y = header;
        for (const auto& f : a_.faults) {
            const double w = std::max(x(f.to) - x(f.from), 3.0);
            box(x(f.from), y, w, bottom - y, fault_colour, "fill-opacity=\"0.06\"");
            box(x(f.from), y, w, 14, fault_colour, "fill-opacity=\"0.75\" rx=\"2\"");
            const double behind = x(f.from) + w + 6;
            const bool room = behind + character * static_cast<double>(f.what.size()) < width - 4;
            text(room ? behind : x(f.from) - 6, y + 11, f.what, fault_colour, room ? "" : "text-anchor=\"end\"");
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
        const double w =
            (width - left - right) * static_cast<double>(bin) / static_cast<double>(std::max<time>(a_.to - a_.from, 1));
        for (const auto& [at, n] : bins) {
            const double h = (chart - 10) * n / most;
            box(x(a_.from + at * bin), top + chart - h, std::max(w - 0.6, 0.8), h, turn_colour);
        }
        text(left - 14, top + chart / 2, "turns", ink, "text-anchor=\"end\" font-weight=\"600\"", 13);
        text(left - 14, top + chart / 2 + 16, "in 0.1 s", faint, "text-anchor=\"end\"");
        text(left - 14, top + 14, std::to_string(most), faint, "text-anchor=\"end\"");
        text(left - 14, top + chart, "0", faint, "text-anchor=\"end\"");
    }

    void draw_axis(double y)
    {
        out_ << "<line x1=\"" << left << "\" y1=\"" << y << "\" x2=\"" << width - right << "\" y2=\"" << y
             << "\" stroke=\"#9aa5b1\"/>\n";
        const auto all = (a_.to - a_.from) / 1'000'000;
        for (time s = 0; s <= all; s += all > 40 ? 5 : all > 15 ? 2 : 1)
            text(x(a_.from + s * 1'000'000), y + 16, std::to_string(s), faint, "text-anchor=\"middle\"");
        text(width - right, y + 34, "seconds", faint, "text-anchor=\"end\"");
    }

    const activity& a_;
    std::ostringstream out_;
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
