#include "observer.hpp"

#include "nemesis.hpp"

#include <turnstile/error.hpp>
#include <turnstile/recipes/mutex.hpp>

namespace turnstile::chaos {

using namespace std::chrono_literals;

observer::observer(stage& where) : stage_{where}, thread_{[this](const std::stop_token& stop) { look(stop); }} {}

void observer::stop()
{
    thread_.request_stop();
    if (thread_.joinable())
        thread_.join();
}

void observer::look(const std::stop_token& stop)
{
    while (!stop.stop_requested())
        for (const auto& key : stage_.keys()) {
            rest(stop, 150ms);
            if (stop.stop_requested())
                return;
            try {
                look_at(key);
            } catch (const error&) {
                // The servers are being tormented; the next look may see more.
            }
        }
}

void observer::look_at(const std::string& key)
{
    mutex lock{stage_.outsider(), stage::line_of(key)};
    for (const auto& c : stage_.outsider().wait(lock.line(1s))) {
        if (c.purpose.empty() || !seen_.insert(c.purpose).second)
            continue;
        testing::history_event e{testing::history_event_type::enqueued, c.purpose, key};
        e.session = c.session;
        stage_.log().append(e);
    }
}

}  // namespace turnstile::chaos
