#include "standstill.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

/// How much time, up to a moment, was without a fault of servers or network.
class well_time {
public:
    explicit well_time(const history_index& h)
    {
        for (const auto& f : h.faults)
            if (f.begin->victim.empty())
                add(f.begin->monotonic, f.end != nullptr ? f.end->monotonic : nanoseconds::max());
    }

    nanoseconds until(nanoseconds t) const
    {
        const auto next = std::ranges::upper_bound(ill_, t, {}, &span::from);
        if (next == ill_.begin())
            return t;
        const auto& last = *std::prev(next);
        return t - last.before - (std::min(t, last.to) - last.from);
    }

private:
    struct span {
        nanoseconds from;
        nanoseconds to;
        nanoseconds before;  ///< ill time ahead of it
    };

    void add(nanoseconds from, nanoseconds to)
    {
        // Faults come by their beginning; those that overlap are one.
        if (ill_.empty() || from > ill_.back().to)
            ill_.push_back(
                {from, to, ill_.empty() ? nanoseconds{0} : ill_.back().before + (ill_.back().to - ill_.back().from)});
        else
            ill_.back().to = std::max(ill_.back().to, to);
    }

    std::vector<span> ill_;
};

using faults_by_process = std::map<std::string_view, std::vector<fault_span>>;

faults_by_process client_faults(const history_index& h)
{
    faults_by_process found;
    for (const auto& f : h.faults)
        if (!f.begin->victim.empty())
            found[f.begin->victim].push_back(f);
    return found;
}

/// A change of a line.
struct mark {
    nanoseconds at{0};
    const attempt* who = nullptr;
    int waiting = 0;  ///< +1 begins to wait, -1 does not any more
    int holding = 0;  ///< likewise
    bool starts_anew = false;
};

/// One key's line, from mark to mark.
class line_clock {
public:
    explicit line_clock(const well_time& well) : well_{well} {}

    void pass(const mark& m)
    {
        const bool stood = stands();
        if (stood)
            note(m.at);
        apply(m);
        if (stands() && (!stood || m.starts_anew))
            since_ = m.at;
    }

    std::vector<standstill> take() { return std::move(found_); }

private:
    bool stands() const { return !waiting_.empty() && holding_ == 0; }

    /// Marks that do not start the clock anew lengthen the same standstill.
    void note(nanoseconds now)
    {
        const standstill s{waiting_.begin()->second, before_, since_, now, well_.until(now) - well_.until(since_)};
        if (!found_.empty() && found_.back().from == since_)
            found_.back() = s;
        else
            found_.push_back(s);
    }

    void apply(const mark& m)
    {
        if (m.waiting > 0)
            waiting_.emplace(m.at, m.who);
        if (m.waiting < 0)
            waiting_.erase({m.who->invokes.front()->monotonic, m.who});
        holding_ += m.holding;
        if (m.holding > 0)
            before_ = m.who;
    }

    const well_time& well_;
    std::set<std::pair<nanoseconds, const attempt*>> waiting_;
    const attempt* before_ = nullptr;
    int holding_ = 0;
    nanoseconds since_{0};
    std::vector<standstill> found_;
};

void mark_waiting(const attempt& a, std::vector<mark>& marks)
{
    if (!a.waits() || a.invokes.empty())
        return;
    marks.push_back({a.invokes.front()->monotonic, &a, 1, 0, false});
    if (a.answer() != nullptr)
        marks.push_back({a.answer()->monotonic, &a, -1, 0, false});
}

/// A holder excuses a line that stands, but not while a fault keeps the holder from going on.
void mark_holding(const attempt& a, const std::vector<fault_span>& faults, std::vector<mark>& marks)
{
    if (a.granted() == nullptr)
        return;
    const auto from = a.granted()->monotonic;
    const auto to = a.end() != nullptr ? a.end()->monotonic : nanoseconds::max();
    if (to < from)
        return;
    marks.push_back({from, &a, 0, 1, true});
    marks.push_back({to, &a, 0, -1, true});
    auto free_from = from;
    for (const auto& f : faults) {
        const auto begin = std::clamp(f.begin->monotonic, free_from, to);
        const auto end = std::clamp(f.end != nullptr ? f.end->monotonic : to, begin, to);
        if (begin == end)
            continue;
        marks.push_back({begin, &a, 0, -1, true});
        marks.push_back({end, &a, 0, 1, true});
        free_from = end;
    }
}

void mark_faults(const attempt& a, const std::vector<fault_span>& faults, std::vector<mark>& marks)
{
    if (a.invokes.empty())
        return;
    const auto from = a.invokes.front()->monotonic;
    const auto to = a.answer() != nullptr ? a.answer()->monotonic : nanoseconds::max();
    for (const auto& f : faults)
        for (const auto* e : {f.begin, f.end})
            if (e != nullptr && e->monotonic >= from && e->monotonic <= to)
                marks.push_back({e->monotonic, &a, 0, 0, true});
}

}  // namespace

std::vector<standstill> standstills_of(const key_history& k, const history_index& h)
{
    const well_time well{h};
    const auto faults = client_faults(h);
    static const std::vector<fault_span> none;
    std::vector<mark> marks;
    for (const auto* a : k.attempts) {
        const auto found = faults.find(a->process);
        const auto& of_process = found != faults.end() ? found->second : none;
        mark_waiting(*a, marks);
        mark_holding(*a, of_process, marks);
        mark_faults(*a, of_process, marks);
    }
    // The history's end ends every wait.
    marks.push_back({h.events.back().monotonic, nullptr, 0, 0, false});
    std::ranges::stable_sort(marks, {}, &mark::at);
    line_clock line{well};
    for (const auto& m : marks) {
        if (m.at > h.events.back().monotonic)
            break;
        line.pass(m);
    }
    return line.take();
}

}  // namespace turnstile::inline v0::testing
