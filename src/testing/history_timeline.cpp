// One violation as a picture, for somebody who has never seen the project: who waited, who held, what came when. Underneath,
// the same in words.
#include "history_rules.hpp"
#include "svg_page.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace turnstile::inline v0::testing {

namespace {

// Pixels.
constexpr double width = 1120;
constexpr double left = 150;
constexpr double right = 40;
constexpr double lanes_top = 92;
constexpr double row_height = 44;
constexpr double bar_height = 16;
constexpr double line_height = 19;

constexpr auto ink = "#1f2933";
constexpr auto faint = "#6b7785";
constexpr auto ruling = "#e4e8ed";
constexpr auto waiting_colour = "#c7ced6";
constexpr auto holding_colour = "#1d6fb8";
constexpr auto overdue_colour = "#e08a00";
constexpr auto red = "#c81e1e";
constexpr auto green = "#0b7a4b";

/// One call, or one process that something happened to.
struct row {
    std::string name;
    std::string process;
    event_refs events;

    event_ref first(history_event_type t) const
    {
        const auto found = std::ranges::find(events, t, &history_event::type);
        return found == events.end() ? nullptr : *found;
    }
};

bool belongs_to_a_call(const history_event& e) { return e.type <= history_event_type::effect; }

/// The row that an event stands in. A process's death ends what its call was doing.
bool belongs_to(const row& r, const history_event& e)
{
    if (belongs_to_a_call(e))
        return r.name == e.op;
    return e.type == history_event_type::killed ? r.process == e.victim
                                                : r.name == (e.victim.empty() ? e.process : e.victim);
}

std::vector<row> rows_of(const history_violation& v)
{
    std::vector<row> rows;
    for (const auto& e : v.evidence) {
        auto at = std::ranges::find_if(rows, [&](const row& r) { return belongs_to(r, e); });
        if (at == rows.end())
            at = rows.insert(rows.end(), row{belongs_to_a_call(e) ? e.op : e.process, e.process, {}});
        at->events.push_back(&e);
    }
    return rows;
}

bool is_answer(event_ref e)
{
    using enum history_event_type;
    return e->type == granted || e->type == refused || e->type == timed_out || e->type == failed;
}

/// When a call was done with its lease, or with waiting.
event_ref end_of(const row& r)
{
    using enum history_event_type;
    const auto found = std::ranges::find_if(r.events, [](event_ref e) {
        return e->type == released || e->type == lost || (is_answer(e) && e->type != granted) || e->type == killed;
    });
    return found == r.events.end() ? nullptr : *found;
}

/// The lease's deadline on the monotonic clock; none when it was not told.
std::optional<nanoseconds> deadline_of(const row& r)
{
    std::optional<nanoseconds> latest;
    for (const auto* e : r.events)
        if (e->held_until.count() != 0)
            latest = std::max(latest.value_or(nanoseconds{0}), e->monotonic + (e->held_until - e->boot));
    return latest;
}

/// 1, 2 or 5 times a power of ten, so that about eight ticks fit.
double nice_step(double range)
{
    const double rough = range / 8;
    const double magnitude = std::pow(10, std::floor(std::log10(rough)));
    for (const double m : {1.0, 2.0, 5.0})
        if (rough <= m * magnitude)
            return m * magnitude;
    return 10 * magnitude;
}

class timeline {
public:
    explicit timeline(const history_violation& v) : violation_{v}, rows_{rows_of(v)}
    {
        from_ = v.evidence.front().monotonic;
        to_ = v.evidence.back().monotonic;
        const auto margin = std::max((to_ - from_) / 12, nanoseconds{200'000});
        from_ -= margin;
        to_ += margin;
    }

    std::string draw()
    {
        page_.text(24, 34, violation_.what, ink, 17, "600");
        page_.text(24, 58, subtitle(), faint, 13);
        const double lanes_end = lanes_top + row_height * static_cast<double>(rows_.size());
        draw_axis(lanes_end);
        double y = lanes_top;
        for (const auto& r : rows_) {
            draw_row(r, y);
            y += row_height;
        }
        return page_.finish(width, draw_words(draw_legend(lanes_end + 52)));
    }

private:
    std::string subtitle() const
    {
        const auto rule = std::ranges::find(history_rules(), violation_.rule, &history_rule::name);
        const auto promise = rule != history_rules().end() ? std::string{rule->promise} : violation_.rule;
        return (violation_.key.empty() ? "" : "Key " + violation_.key + ". ") + "Broken: " + promise + ".";
    }

    double x(nanoseconds t) const
    {
        const auto at = std::clamp(t, from_, to_);
        return left + (width - left - right) * static_cast<double>((at - from_).count()) /
                          static_cast<double>((to_ - from_).count());
    }

    void draw_axis(double bottom)
    {
        const auto zero = violation_.evidence.front().monotonic;
        const double range = static_cast<double>((to_ - from_).count()) / 1e6;
        const double step = nice_step(range);
        for (double t = 0; t <= range; t += step) {
            const auto at = zero + nanoseconds{static_cast<std::int64_t>(t * 1e6)};
            if (at > to_)
                break;
            page_.line(x(at), lanes_top - 8, x(at), bottom + 4, ruling);
            page_.text(x(at), bottom + 20, in_milliseconds(t, step), faint, 11.5, "400", "middle");
        }
    }

    static std::string in_milliseconds(double t, double step)
    {
        const auto text = milliseconds_in_words(nanoseconds{static_cast<std::int64_t>(t * 1e6)});
        return step < 1 ? text : text.substr(0, text.find('.')) + " ms";
    }

    void draw_row(const row& r, double y)
    {
        page_.line(24, y - 8, width - right, y - 8, ruling);
        page_.text(24, y + 13, r.name.empty() ? "servers" : r.name, ink, 13, "600");
        if (r.process != r.name)
            page_.text(24, y + 28, r.process, faint, 11.5);
        draw_bars(r, y + 2);
        for (const auto* e : r.events)
            draw_mark(*e, y + 2);
        draw_label(r, y + 2);
    }

    void draw_bars(const row& r, double y)
    {
        const auto* const asked = r.first(history_event_type::invoke);
        const auto* const granted = r.first(history_event_type::granted);
        const auto* const end = end_of(r);
        const auto done = end != nullptr ? end->monotonic : to_;
        if (asked != nullptr)
            page_.box(x(asked->monotonic), y, x(granted != nullptr ? granted->monotonic : done), bar_height, waiting_colour);
        if (granted == nullptr)
            return;
        const auto deadline = deadline_of(r);
        const auto good = deadline ? std::clamp(*deadline, granted->monotonic, done) : done;
        page_.box(x(granted->monotonic), y, x(good), bar_height, holding_colour);
        if (good < done)
            page_.box(x(good), y, x(done), bar_height, "#fdf3e0", overdue_colour);
    }

    void draw_label(const row& r, double y)
    {
        const auto* const granted = r.first(history_event_type::granted);
        const auto* const e = granted != nullptr ? granted : r.events.front();
        const bool near_the_end = x(e->monotonic) > width - 320;
        const auto anchor = near_the_end ? "end" : "start";
        if (granted != nullptr)
            page_.text(x(e->monotonic), y + bar_height + 14,
                       std::string{name_of(e->kind)} + ", token " + std::to_string(e->token), faint, 11.5, "400", anchor);
        else if (!belongs_to_a_call(*e))
            page_.text(x(e->monotonic) + (near_the_end ? -10 : 10), y + 13, in_words(*e), ink, 12, "400", anchor);
    }

    void draw_mark(const history_event& e, double y)
    {
        using enum history_event_type;
        const double at = x(e.monotonic);
        const double middle = y + bar_height / 2;
        if (e.type == effect && e.accepted)
            page_.dot(at, middle, 5, green);
        else if (e.type == effect)
            page_.cross(at, middle, 5, red);
        else if (e.type == lost || e.type == session_over)
            page_.line(at, y - 5, at, y + bar_height + 5, red, 2.5);
        else if (e.type == released)
            page_.line(at, y - 3, at, y + bar_height + 3, ink, 2);
        else if (e.type == killed)
            page_.cross(at, middle, 8, ink);
        else if (!belongs_to_a_call(e))
            page_.dot(at, middle, 5, overdue_colour);
    }

    double draw_legend(double y)
    {
        double at = 24;
        const auto entry = [&](const char* words, auto draw) {
            draw(at);
            page_.text(at + 30, y + 11, words, faint, 11.5);
            at += 44 + 6.3 * static_cast<double>(std::string_view{words}.size());
        };
        const auto box = [&](const char* fill, const char* edge) {
            return [this, y, fill, edge](double from) { page_.box(from, y, from + 22, 13, fill, edge); };
        };
        entry("waits", box(waiting_colour, ""));
        entry("holds", box(holding_colour, ""));
        entry("believes to hold, behind its deadline", box("#fdf3e0", overdue_colour));
        entry("released", [&](double from) { page_.line(from + 11, y - 2, from + 11, y + 15, ink, 2); });
        entry("told of the loss", [&](double from) { page_.line(from + 11, y - 2, from + 11, y + 15, red, 2.5); });
        entry("effect accepted", [&](double from) { page_.dot(from + 11, y + 7, 5, green); });
        entry("effect refused", [&](double from) { page_.cross(from + 11, y + 7, 5, red); });
        entry("killed", [&](double from) { page_.cross(from + 11, y + 7, 8, ink); });
        return y + 44;
    }

    double draw_words(double y)
    {
        const auto zero = violation_.evidence.front().monotonic;
        for (const auto& e : violation_.evidence) {
            page_.text(left - 30, y, milliseconds_in_words(e.monotonic - zero), faint, 12.5, "400", "end");
            page_.text(left - 14, y, in_words(e), ink, 12.5);
            y += line_height;
        }
        return y + 10;
    }

    const history_violation& violation_;
    std::vector<row> rows_;
    nanoseconds from_{0};
    nanoseconds to_{0};
    svg_page page_;
};

}  // namespace

std::string to_svg(const history_violation& v)
{
    if (v.evidence.empty())
        throw std::invalid_argument{"to_svg: a violation without evidence"};
    return timeline{v}.draw();
}

}  // namespace turnstile::inline v0::testing
