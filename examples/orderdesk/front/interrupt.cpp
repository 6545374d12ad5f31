#include "interrupt.hpp"

#include <csignal>
#include <thread>

namespace orderdesk {

namespace {

volatile std::sig_atomic_t received = 0;

void remember(int signal) { received = signal; }

}  // namespace

void catch_interrupts()
{
    std::signal(SIGINT, remember);
    std::signal(SIGTERM, remember);
}

void pause(std::chrono::milliseconds t)
{
    if (received != 0)
        throw interrupted{received};
    std::this_thread::sleep_for(t);
}

void wait_until(const std::string& what, const std::function<bool()>& condition, std::chrono::seconds patience)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error{"waited in vain until " + what};
        pause(std::chrono::milliseconds{5});
    }
}

}  // namespace orderdesk
