// Who is inside together. What is recorded of a holding lies within it, so two that overlap here did overlap.
#include "history_rules.hpp"

#include <algorithm>

namespace turnstile::inline v0::testing {

namespace {

bool accepted_later_than(const attempt& a, event_ref moment)
{
    return std::ranges::any_of(a.effects, [&](event_ref e) { return e->accepted && e->monotonic > moment->monotonic; });
}

event_ref first_accepted(const attempt& a)
{
    const auto found = std::ranges::find(a.effects, true, &history_event::accepted);
    return found == a.effects.end() ? nullptr : *found;
}

bool outside_at(const attempt& a, nanoseconds t) { return a.end() != nullptr && a.end()->monotonic <= t; }

bool deadline_passed(const attempt& holder, const attempt& newcomer)
{
    return holder.deadline.count() != 0 && holder.deadline <= newcomer.granted()->boot;
}

/// Whether `holder` may believe to be inside at the moment of the grant, and do no harm: it had been told until when it
/// could, or was told later that it was over and wrote nothing behind the newcomer.
bool harmless(const attempt& holder, const attempt& newcomer)
{
    if (deadline_passed(holder, newcomer))
        return true;
    const bool told = !holder.losses.empty() || holder.taken_away != nullptr;
    const auto* const begun = first_accepted(newcomer);
    return told && (begun == nullptr || !accepted_later_than(holder, begun));
}

std::string overlap(const attempt& holder, const attempt& newcomer)
{
    return in_words(newcomer) + " was granted while " + in_words(holder) +
           " was inside, its deadline not passed, and not told of a loss";
}

/// The later effects of the holder, which make it harmful.
event_refs evidence(const attempt& holder, const attempt& newcomer)
{
    auto all = stories({&holder, &newcomer});
    for (const auto* a : {&holder, &newcomer})
        for (const auto* e : a->effects)
            all.push_back(e);
    std::ranges::stable_sort(all, {}, &history_event::monotonic);
    return all;
}

/// Those inside, as time goes from grant to grant.
class room {
public:
    explicit room(rule_findings& found) : found_{found} {}

    void enter(const attempt& newcomer)
    {
        const auto now = newcomer.granted()->monotonic;
        // Each of them is looked at once more at most: who is compatible stays, everybody else leaves the list.
        std::erase_if(shared_, [&](const attempt* a) {
            return outside_at(*a, now) || (is_exclusive(newcomer.kind()) && meets(*a, newcomer));
        });
        std::erase_if(exclusive_, [&](const attempt* a) { return outside_at(*a, now) || meets(*a, newcomer); });
        (is_exclusive(newcomer.kind()) ? exclusive_ : shared_).push_back(&newcomer);
    }

private:
    bool meets(const attempt& holder, const attempt& newcomer)
    {
        // By token the newcomer may be the elder: one that wakes up late and finds its grant.
        const bool turned = newcomer.token() < holder.token();
        const auto& elder = turned ? newcomer : holder;
        const auto& younger = turned ? holder : newcomer;
        if (excludes(elder.kind(), younger.kind()) && !harmless(elder, younger))
            found_.broken(elder.key, overlap(elder, younger), evidence(elder, younger));
        return !turned;
    }

    rule_findings& found_;
    std::vector<const attempt*> shared_;
    std::vector<const attempt*> exclusive_;
};

/// Likewise of permits. They have no order, so no resource can keep a late holder out: once its place is gone it may go on
/// until it is told, and not longer.
bool leaves_when_told(const attempt& holder, const attempt& newcomer)
{
    if (deadline_passed(holder, newcomer))
        return true;
    if (holder.losses.empty())
        return holder.taken_away != nullptr;
    return std::ranges::none_of(holder.effects, [told = holder.losses.front()->boot](event_ref e) {
        const auto asked = e->checked.count() != 0 ? e->checked : e->boot;
        return !e->zombie && asked > told;
    });
}

/// The permits that are out.
class permit_box {
public:
    permit_box(std::string_view key, rule_findings& found) : key_{key}, found_{found} {}

    void enter(const attempt& newcomer)
    {
        const auto now = newcomer.granted()->monotonic;
        std::erase_if(out_, [&](const attempt* a) { return outside_at(*a, now); });
        // By token the newcomer may be the elder: one that wakes up late and finds its grant.
        const auto behind = [&](const attempt* a) { return newcomer.token() < a->token(); };
        if (std::ranges::any_of(out_, [&](const attempt* a) { return behind(a) && leaves_when_told(newcomer, *a); }))
            return;
        std::erase_if(out_, [&](const attempt* a) { return !behind(a) && leaves_when_told(*a, newcomer); });
        out_.push_back(&newcomer);
        std::int64_t sum = 0;
        for (const auto* a : out_)
            sum += a->granted()->weight;
        const auto maximum = newcomer.granted()->maximum;
        if (maximum == 0 || sum <= maximum)
            return;
        event_refs all;
        for (const auto* a : out_)
            std::ranges::copy(a->story(), std::back_inserter(all));
        std::ranges::stable_sort(all, {}, &history_event::monotonic);
        found_.broken(key_,
                      std::to_string(sum) + " permits of " + std::to_string(maximum) + " were out when " +
                          in_words(newcomer) + " got its own",
                      std::move(all));
        out_.pop_back();
    }

private:
    std::string_view key_;
    rule_findings& found_;
    std::vector<const attempt*> out_;
};

}  // namespace

void holders_exclude(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& [name, k] : h.keys) {
        room inside{found};
        for (const auto* a : k.by_granted)
            if (a->kind() != holding_kind::permits) {
                found.judged();
                inside.enter(*a);
            }
    }
}

void permits_fit(const history_index& h, const judge_options&, rule_findings& found)
{
    for (const auto& [name, k] : h.keys) {
        permit_box box{name, found};
        for (const auto* a : k.by_granted)
            if (a->kind() == holding_kind::permits) {
                found.judged();
                box.enter(*a);
            }
    }
}

}  // namespace turnstile::inline v0::testing
