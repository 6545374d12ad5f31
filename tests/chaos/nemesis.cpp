#include "nemesis.hpp"

#include <utility>

namespace turnstile::chaos {

using testing::history_event;
using testing::history_event_type;

void rest(const std::stop_token& stop, std::chrono::milliseconds time)
{
    std::mutex alone;
    std::condition_variable_any woken;
    std::unique_lock lock{alone};
    woken.wait_for(lock, stop, time, [] { return false; });
}

fault_entry::fault_entry(testing::history_recorder& log, fault_kind kind, std::string victim, std::string detail) : log_{log}
{
    static std::atomic<int> last{0};
    id_ = "f" + std::to_string(++last);
    history_event e{history_event_type::fault, id_};
    e.fault = name_of(kind);
    e.victim = std::move(victim);
    e.detail = std::move(detail);
    log_.append(e);
}

fault_entry::~fault_entry() { log_.append(history_event{history_event_type::healed, id_}); }

nemesis::nemesis(stage& where, std::uint64_t seed, bool with_dns)
{
    const auto timeout = where.options().session_timeout;
    servers_ = std::jthread{[this, &where, seed](const std::stop_token& stop) {
        play(server_nemesis{where}, fault_plan::of_servers(seed), stop);
    }};
    clients_ = std::jthread{[this, &where, seed, with_dns, timeout](const std::stop_token& stop) {
        play(client_nemesis{where}, fault_plan::of_clients(seed, with_dns, timeout), stop);
    }};
}

template <class Track>
void nemesis::play(Track track, fault_plan plan, const std::stop_token& stop)
{
    try {
        for (;;) {
            const auto next = plan.next();
            rest(stop, next.before);
            if (stop.stop_requested())
                return;
            track.strike(next, stop);
            ++faults_;
        }
    } catch (...) {
        const std::lock_guard lock{mutex_};
        failed_ = std::current_exception();
    }
}

void nemesis::halt()
{
    for (auto* track : {&servers_, &clients_}) {
        track->request_stop();
        if (track->joinable())
            track->join();
    }
}

void nemesis::stop()
{
    halt();
    const std::lock_guard lock{mutex_};
    if (failed_)
        std::rethrow_exception(std::exchange(failed_, nullptr));
}

}  // namespace turnstile::chaos
