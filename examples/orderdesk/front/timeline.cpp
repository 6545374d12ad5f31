#include "timeline.hpp"

#include "svg_sheet.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <iomanip>
#include <sstream>
#include <string_view>
#include <utility>

namespace orderdesk {

namespace {

// Pixels.
constexpr double width = svg_sheet::width;
constexpr double left = svg_sheet::left;
constexpr double right = svg_sheet::right;
constexpr double label_size = svg_sheet::label_size;
constexpr double header = 104;
constexpr double row_height = 26;
constexpr double bar_height = 16;
constexpr double lane_padding = 8;
constexpr double price_height = 120;
constexpr double flat_price_height = 60;
constexpr double status_height = 22;

constexpr auto halo = "paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"3\" stroke-linejoin=\"round\" ";
constexpr auto rule_colour = "#e4e8ed";

constexpr auto patterns =
    "<defs>\n"
    "<pattern id=\"calling\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect width=\"2.4\" height=\"6\" fill=\"#fff\" fill-opacity=\"0.6\"/></pattern>\n"
    "<pattern id=\"frozen\" width=\"9\" height=\"9\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<rect width=\"9\" height=\"9\" fill=\"#e3f3fb\"/><rect width=\"2\" height=\"9\" fill=\"#a9d8ee\"/></pattern>\n"
    "</defs>\n";

using colour::blue;
using colour::faint;
using colour::green;
using colour::ink;
using colour::red;

const char* colour_of(timeline::kind k)
{
    switch (k) {
        case timeline::kind::waiting:
            return "#c7ced6";
        case timeline::kind::paying:
            return "#1d6fb8";
        case timeline::kind::editing:
            return "#e08a00";
        case timeline::kind::calling:
            return "url(#calling)";
        case timeline::kind::believing:
            return "#fdf3e0";
        case timeline::kind::frozen:
            return "url(#frozen)";
    }
    return ink;
}

const char* finish_of(timeline::kind k)
{
    switch (k) {
        case timeline::kind::calling:
            return "";
        case timeline::kind::believing:
            return "stroke=\"#e08a00\" stroke-dasharray=\"4 3\"";
        default:
            return "rx=\"2\"";
    }
}

const char* colour_of_status(std::string_view status)
{
    if (status == "paid")
        return "#bfe5cf";
    return status == "paying" ? "#c5dcf2" : "#edf0f3";
}

std::string money(std::int64_t cents)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(cents) / 100);
    return text.data();
}

/// 1, 2 or 5 times a power of ten, so that about ten ticks fit.
double nice_step(double range)
{
    const double rough = range / 10;
    const double magnitude = std::pow(10, std::floor(std::log10(rough)));
    for (const double m : {1.0, 2.0, 5.0})
        if (rough <= m * magnitude)
            return m * magnitude;
    return 10 * magnitude;
}

class drawing {
public:
    explicit drawing(const timeline& t) : t_{t} {}

    std::string draw()
    {
        double y = header;
        for (const auto& l : t_.lanes)
            y = draw_lane(l, y);
        const double lanes_end = y;
        draw_remarks(lanes_end);
        y = draw_prices(y + 26);
        y = draw_statuses(y + 12);
        draw_axis(lanes_end, y + 10);
        const double height = draw_legend(y + 58);
        return sheet_.page(height, t_.title, t_.subtitle, patterns);
    }

private:
    struct extent {
        double from = 0;
        double to = 0;
    };

    double x(timeline::time at) const
    {
        const double share =
            static_cast<double>(at - t_.from) / static_cast<double>(std::max<timeline::time>(t_.to - t_.from, 1));
        return left + std::clamp(share, 0.0, 1.0) * (width - left - right);
    }

    /// Legible also across lines and bars.
    void text(double at_x, double at_y, std::string_view what, std::string_view colour = ink, std::string_view more = {},
              double size = label_size)
    {
        sheet_.text(at_x, at_y, what, colour, halo + std::string{more}, size);
    }

    /// Where a request's label goes: behind its bars, or before them where there is no room behind.
    static double label_x(const extent& bars, std::string_view label)
    {
        const double behind = bars.to + 6;
        return behind + width_of_label(label) < width - 4 ? behind : bars.from - 6 - width_of_label(label);
    }

    extent bars_of(const timeline::request& r) const
    {
        extent e{width, 0};
        for (const auto& s : r.spans) {
            e.from = std::min(e.from, x(s.from));
            e.to = std::max(e.to, x(s.to));
        }
        return e;
    }

    double draw_lane(const timeline::lane& l, double y)
    {
        // Marks and their labels have the lane's first row to themselves.
        const double marks_y = y + lane_padding;
        const double first_row = marks_y + (l.marks.empty() ? 0 : row_height);
        std::vector<double> taken;  // until where each row is full
        std::vector<std::size_t> row_of;
        for (const auto& r : l.requests) {
            const auto bars = bars_of(r);
            const double label = label_x(bars, r.label);
            const double from = std::min(bars.from, label);
            const double to = std::max(bars.to, label + width_of_label(r.label)) + 12;
            const auto free = std::ranges::find_if(taken, [&](double until) { return until <= from; });
            row_of.push_back(static_cast<std::size_t>(free - taken.begin()));
            if (free == taken.end())
                taken.push_back(to);
            else
                *free = to;
        }
        const double rows = static_cast<double>(std::max<std::size_t>(taken.size(), 1));
        const double end = first_row + rows * row_height + lane_padding - (row_height - bar_height) / 2;

        for (const auto& f : l.frozen)
            sheet_.box(x(f.from), y + 2, x(f.to) - x(f.from), end - y - 4, colour_of(timeline::kind::frozen), "rx=\"3\"");
        for (std::size_t i = 0; i < l.requests.size(); ++i)
            draw_request(l.requests[i], first_row + static_cast<double>(row_of[i]) * row_height);
        double free_from = 0;  // signs that come within moments stand side by side
        for (const auto& m : l.marks) {
            // Who is told is told at the very moment about which there is a line.
            const double at = std::max(x(m.at) + (m.what == timeline::sign::told ? 13 : 0), free_from);
            draw_mark(m, at, marks_y + bar_height / 2);
            free_from = at + 24;
        }
        sheet_.row_name((y + end) / 2 + 4, l.name);
        sheet_.line(14, end, width - right, end, rule_colour);
        return end;
    }

    void draw_request(const timeline::request& r, double y)
    {
        for (const auto& s : r.spans) {
            const bool slim = s.what == timeline::kind::waiting;
            sheet_.box(x(s.from), slim ? y + 4 : y, std::max(x(s.to) - x(s.from), 2.5), slim ? bar_height - 8 : bar_height,
                       colour_of(s.what), finish_of(s.what));
        }
        text(label_x(bars_of(r), r.label), y + bar_height - 4, r.label);
    }

    void draw_sign(timeline::sign what, double at_x, double at_y)
    {
        switch (what) {
            case timeline::sign::killed:
                sheet_.line(at_x - 7, at_y - 7, at_x + 7, at_y + 7, red, "stroke-width=\"3.5\" stroke-linecap=\"round\"");
                sheet_.line(at_x - 7, at_y + 7, at_x + 7, at_y - 7, red, "stroke-width=\"3.5\" stroke-linecap=\"round\"");
                break;
            case timeline::sign::told:
                sheet_.circle(at_x, at_y, 8.5, blue);
                sheet_.text(at_x, at_y + 4.5, "i", "#fff", "text-anchor=\"middle\" font-weight=\"700\"", 13);
                break;
            case timeline::sign::lost:
                sheet_.raw() << "<polygon points=\"" << at_x << "," << at_y - 8 << " " << at_x + 9 << "," << at_y + 7 << " "
                             << at_x - 9 << "," << at_y + 7 << "\" fill=\"#f5b301\" stroke=\"#8a6400\"/>\n";
                text(at_x, at_y + 6, "!", ink, "text-anchor=\"middle\" font-weight=\"700\"", 12);
                break;
            case timeline::sign::fenced:
                sheet_.raw() << "<polygon points=\"";
                for (int corner = 0; corner < 8; ++corner) {
                    const double angle = (corner + 0.5) * std::acos(-1.0) / 4;
                    sheet_.raw() << at_x + 10 * std::cos(angle) << "," << at_y + 10 * std::sin(angle) << " ";
                }
                sheet_.raw() << "\" fill=\"" << red << "\" stroke=\"#fff\"/>\n";
                sheet_.text(at_x, at_y + 2.5, "STOP", "#fff", "text-anchor=\"middle\" font-weight=\"700\"", 6.5);
                break;
        }
    }

    void draw_mark(const timeline::mark& m, double at, double y)
    {
        draw_sign(m.what, at, y);
        const bool room = at + 14 + width_of_label(m.label) < width - 4;
        const double before = m.what == timeline::sign::told ? 20 : 14;  // beyond that line
        text(room ? at + 14 : at - before, y + 4, m.label, m.what == timeline::sign::told ? blue : red,
             room ? "font-weight=\"600\"" : "font-weight=\"600\" text-anchor=\"end\"");
    }

    /// Keeps labels apart: true, and the place is taken, when nothing stands there yet.
    bool claim(std::vector<std::pair<extent, double>>& places, extent where, double y) const
    {
        for (const auto& [taken, at] : places)
            if (std::abs(at - y) < 14 && where.from < taken.to && taken.from < where.to)
                return false;
        places.emplace_back(where, y);
        return true;
    }

    double draw_prices(double y)
    {
        std::int64_t low = INT64_MAX;
        std::int64_t high = 0;
        for (const auto* list : {&t_.prices, &t_.charges})
            for (const auto& p : *list) {
                low = std::min(low, p.cents);
                high = std::max(high, p.cents);
            }
        const double range = std::max(static_cast<double>(high - low), 1.0);
        const double panel = high > low ? price_height : flat_price_height;
        const auto height_of = [&](std::int64_t cents) {
            return y + panel - 22 - static_cast<double>(cents - low) / range * (panel - 48);
        };

        sheet_.row_name(y + panel / 2 + 4, "price");
        std::vector<std::pair<extent, double>> places;
        std::ostringstream path;
        path << std::fixed << std::setprecision(1);
        for (std::size_t i = 0; i < t_.prices.size(); ++i) {
            const auto& p = t_.prices[i];
            path << (i == 0 ? "M" : "H") << x(p.at);
            path << (i == 0 ? " " : " V") << height_of(p.cents) << " ";
        }
        path << "H" << width - right;
        sheet_.raw() << "<path d=\"" << path.str() << "\" fill=\"none\" stroke=\"" << ink << "\" stroke-width=\"2\"/>\n";
        for (const auto& c : t_.charges) {
            const double at_x = x(c.at);
            const double at_y = height_of(c.cents);
            sheet_.circle(at_x, at_y, 6, charge_colour(c), "stroke=\"#fff\" stroke-width=\"1.5\"");
            const std::string label = "charged " + money(c.cents);
            const bool room = at_x + 10 + width_of_label(label) < width - 4;
            for (const double dy : {-10.0, 18.0, -24.0, 32.0})
                if (claim(places, {at_x - (room ? 0 : width_of_label(label)), at_x + (room ? width_of_label(label) : 0)},
                          at_y + dy)) {
                    text(at_x, at_y + dy, label, charge_colour(c),
                         room ? "font-weight=\"600\"" : "font-weight=\"600\" text-anchor=\"end\"");
                    break;
                }
        }
        for (std::size_t i = 0; i < t_.prices.size(); ++i) {
            const auto& p = t_.prices[i];
            if (i > 0 && t_.prices[i - 1].cents == p.cents)
                continue;
            const double at_x = x(p.at) + 4;
            const double at_y = height_of(p.cents);
            const std::string label = money(p.cents);
            for (const double dy : {-5.0, 14.0})
                if (at_x + width_of_label(label) < width - 4 &&
                    claim(places, {at_x, at_x + width_of_label(label)}, at_y + dy)) {
                    text(at_x, at_y + dy, label);
                    break;
                }
        }
        return y + panel;
    }

    /// What everybody should know about a moment: a line through all lanes.
    void draw_remarks(double lanes_end)
    {
        for (const auto& r : t_.remarks) {
            sheet_.line(x(r.at), header - 4, x(r.at), lanes_end, ink, "stroke-dasharray=\"5 4\"");
            const bool room = x(r.at) + width_of_label(r.label) < width - 4;
            text(x(r.at) + (room ? 0 : 4), header - 10, r.label, ink, room ? "" : "text-anchor=\"end\"");
        }
    }

    const char* charge_colour(const timeline::price_step& c) const
    {
        return t_.charges.size() == 1 && !t_.prices.empty() && t_.prices.back().cents == c.cents ? green : red;
    }

    double draw_statuses(double y)
    {
        sheet_.row_name(y + 16, "status");
        for (std::size_t i = 0; i < t_.statuses.size(); ++i) {
            const double from = x(t_.statuses[i].at);
            const double to = i + 1 < t_.statuses.size() ? x(t_.statuses[i + 1].at) : width - right;
            sheet_.box(from, y, std::max(to - from, 1.0), status_height, colour_of_status(t_.statuses[i].status),
                       "stroke=\"#fff\" stroke-width=\"1\"");
            if (to - from > width_of_label(t_.statuses[i].status) + 8)
                sheet_.text(from + 6, y + 15, t_.statuses[i].status);
        }
        return y + status_height;
    }

    /// Fine lines behind everything, and the numbers below.
    void draw_axis(double lanes_end, double y)
    {
        const double range_ms = static_cast<double>(t_.to - t_.from) / 1000;
        const double step = nice_step(range_ms);
        svg_sheet grid;
        std::swap(sheet_, grid);
        for (double ms = 0; ms <= range_ms + 1e-6; ms += step) {
            const double at = x(t_.from + static_cast<timeline::time>(ms * 1000));
            sheet_.line(at, header - 6, at, y, rule_colour);
            std::ostringstream label;
            label << ms;
            text(at, y + 16, label.str(), faint, "text-anchor=\"middle\"");
        }
        sheet_.line(left, lanes_end, width - right, lanes_end, colour::axis);
        std::swap(sheet_, grid);
        sheet_.put_behind(grid);
        text(width - right, y + 33, "milliseconds", faint, "text-anchor=\"end\"");
    }

    double draw_legend(double y)
    {
        double at = left;
        const auto entry = [&](const std::string& label, const auto& draw_sample) {
            if (at + 34 + width_of_label(label) > width - right) {
                at = left;
                y += 24;
            }
            draw_sample(at, y);
            text(at + 28, y + 4, label, faint);
            at += 46 + width_of_label(label);
        };
        const auto bar = [&](timeline::kind k) {
            return [this, k](double bx, double by) {
                const double h = k == timeline::kind::waiting ? 7 : 13;
                if (k == timeline::kind::calling)
                    sheet_.box(bx, by - h / 2, 22, h, colour_of(timeline::kind::paying), "rx=\"2\"");
                sheet_.box(bx, by - h / 2, 22, h, colour_of(k), "rx=\"2\"");
            };
        };
        const auto sign = [&](timeline::sign s) { return [this, s](double bx, double by) { draw_sign(s, bx + 11, by); }; };
        if (t_.guarded)
            entry("waits its turn", bar(timeline::kind::waiting));
        entry(t_.guarded ? "holds the order to take a payment" : "payment: from read to write", bar(timeline::kind::paying));
        entry(t_.guarded ? "holds the order to edit the price" : "edit: from read to write", bar(timeline::kind::editing));
        entry("asks the payment provider", bar(timeline::kind::calling));
        entry("money captured", [this](double bx, double by) { sheet_.circle(bx + 11, by, 6, t_.guarded ? green : red); });
        if (std::ranges::any_of(t_.lanes, [](const auto& l) { return !l.frozen.empty(); })) {
            entry("only believes that it holds", [this](double bx, double by) {
                sheet_.box(bx, by - 6.5, 22, 13, colour_of(timeline::kind::believing), finish_of(timeline::kind::believing));
            });
            entry("process is frozen (SIGSTOP)", bar(timeline::kind::frozen));
        }
        for (const auto& [s, label] : {std::pair{timeline::sign::killed, "process is killed (SIGKILL)"},
                                       std::pair{timeline::sign::told, "is told what the dead one had declared"},
                                       std::pair{timeline::sign::lost, "lease says: lost"},
                                       std::pair{timeline::sign::fenced, "the row refuses the write"}})
            if (std::ranges::any_of(t_.lanes, [s = s](const auto& l) {
                    return std::ranges::any_of(l.marks, [s](const auto& m) { return m.what == s; });
                }))
                entry(label, sign(s));
        return y + 24;
    }

    const timeline& t_;
    svg_sheet sheet_;
};

}  // namespace

std::string to_svg(const timeline& t) { return drawing{t}.draw(); }

}  // namespace orderdesk
