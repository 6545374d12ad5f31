#include "cast.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace turnstile::interop {

using namespace std::chrono_literals;
using testing::history_event;
using testing::history_event_type;

namespace {

constexpr auto farewell_patience = 30s;
/// Its turn may be behind those of several dead whose sessions have yet to end.
constexpr auto turn_patience = 60s;

/// In the history, for as long as there is one contender less.
class fault {
public:
    fault(arena& where, const contender& victim, bool in_its_turn) : arena_{where}, name_{"kill-" + victim.name()}
    {
        history_event e{history_event_type::fault, name_};
        e.fault = in_its_turn ? "kill_holder" : "kill_client";
        e.victim = victim.name();
        arena_.log().append(e);
    }
    fault(const fault&) = delete;
    fault& operator=(const fault&) = delete;
    ~fault() { arena_.log().append(history_event{history_event_type::healed, name_}); }

private:
    arena& arena_;
    const std::string name_;
};

}  // namespace

cast::cast(arena& where, const std::vector<language>& spoken, int processes, contender_options alike)
    : arena_{where}, alike_{std::move(alike)}
{
    for (int i = 0; i < processes; ++i)
        for (const auto l : spoken)
            seats_.push_back(start(l));
}

void cast::kill(language l, bool in_its_turn)
{
    const auto victim = in_its_turn ? struck_in_turn(l) : any(l);
    if (victim == seats_.end())
        return;  // the judge misses a kill
    {
        const fault entry{arena_, **victim, in_its_turn};
        arena_.bury(**victim);
    }
    *victim = start(l);
}

void cast::check_that_all_live() const
{
    for (const auto& c : seats_)
        if (!c->running())
            throw std::runtime_error{c->name() + " has ended by itself; see " + c->name() + ".log"};
}

std::vector<std::string> cast::send_home()
{
    arena_.call_time();
    std::vector<std::string> stuck;
    for (auto& c : seats_)
        if (!c->ended_within(farewell_patience))
            stuck.push_back(c->name());
    return stuck;
}

void cast::abandon()
{
    for (auto& c : seats_)
        arena_.bury(*c);
}

std::unique_ptr<contender> cast::start(language l)
{
    auto o = alike_;
    o.speaks = l;
    o.name = std::string{name_of(l)} + "-" + std::to_string(++started_);
    return std::make_unique<contender>(o, arena_.ground());
}

cast::seats::iterator cast::any(language l)
{
    return std::ranges::find_if(seats_, [&](const auto& c) { return c->speaks() == l; });
}

cast::seats::iterator cast::struck_in_turn(language l)
{
    const auto& key = arena_.ground().key;
    const auto speaks_it = [l](const std::string& process) { return process.starts_with(name_of(l)); };
    const auto name = arena_.protected_resource().strike_next_writer(key, SIGKILL, turn_patience, speaks_it);
    return std::ranges::find_if(seats_, [&](const auto& c) { return name == c->name(); });
}

}  // namespace turnstile::interop
