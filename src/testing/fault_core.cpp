#include "testing/fault_core.hpp"

#include <algorithm>

namespace turnstile::inline v0::testing {

// ---- What passes

std::optional<fault> fault_core::pass(std::size_t client, const operation& o, bool begins_round_trip)
{
    const std::lock_guard lock{mutex_};
    passed_operation p;
    p.client = client;
    p.verb = verb_of(o);
    p.path = path_of(o);
    reads_ += is_read(o);
    round_trips_ += begins_round_trip;
    log_.push_back(p);

    const auto next = std::find_if(armed_.begin(), armed_.end(), [](const auto& a) { return a.met.empty(); });
    if (next == armed_.end() || next->remaining == 0 || calm_ > 0 || --next->remaining > 0)
        return std::nullopt;
    next->met = p.verb + " " + p.path;
    return next->what;
}

std::size_t fault_core::next_client()
{
    const std::lock_guard lock{mutex_};
    return ++clients_;
}

void fault_core::arm(std::size_t k, fault what)
{
    const std::lock_guard lock{mutex_};
    armed_ = {armed_fault{what, k, k, {}}};
}

void fault_core::arm_next(std::size_t k, fault what)
{
    const std::lock_guard lock{mutex_};
    armed_.push_back(armed_fault{what, k, k, {}});
}

void fault_core::disarm()
{
    const std::lock_guard lock{mutex_};
    armed_.clear();
}

bool fault_core::fired() const
{
    const std::lock_guard lock{mutex_};
    return !armed_.empty() && !armed_.back().met.empty();
}

std::size_t fault_core::times_fired() const
{
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(
        std::count_if(armed_.begin(), armed_.end(), [](const auto& a) { return !a.met.empty(); }));
}

std::string fault_core::describe() const
{
    const std::lock_guard lock{mutex_};
    if (armed_.empty())
        return "no fault";
    std::string text;
    for (const auto& a : armed_) {
        text.append(text.empty() ? "" : ", then ").append(to_string(a.what));
        text += " at operation " + std::to_string(a.at);
        if (!a.met.empty())
            text += " (" + a.met + ")";
    }
    return text;
}

void fault_core::be_calm(int more)
{
    const std::lock_guard lock{mutex_};
    calm_ += more;
}

std::vector<passed_operation> fault_core::operations() const
{
    const std::lock_guard lock{mutex_};
    return log_;
}

std::size_t fault_core::count(std::string_view verb) const
{
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(std::count_if(log_.begin(), log_.end(), [&](const auto& p) { return p.verb == verb; }));
}

std::size_t fault_core::reads() const
{
    const std::lock_guard lock{mutex_};
    return reads_;
}

std::size_t fault_core::writes() const
{
    const std::lock_guard lock{mutex_};
    return log_.size() - reads_;
}

std::size_t fault_core::round_trips() const
{
    const std::lock_guard lock{mutex_};
    return round_trips_;
}

void fault_core::reset_counts()
{
    const std::lock_guard lock{mutex_};
    log_.clear();
    reads_ = 0;
    round_trips_ = 0;
}

std::size_t fault_core::clients() const
{
    const std::lock_guard lock{mutex_};
    return clients_;
}

}  // namespace turnstile::inline v0::testing
