#include <turnstile/testing/history.hpp>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

std::chrono::nanoseconds now_of(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

}  // namespace

history_recorder::history_recorder(const std::filesystem::path& file, std::string process)
    : process_{std::move(process)}, file_{::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)}
{
    if (file_ < 0)
        throw std::system_error{errno, std::generic_category(), "cannot append to " + file.string()};
}

history_recorder::~history_recorder() { ::close(file_); }

void history_recorder::append(history_event e)
{
    if (e.process.empty())
        e.process = process_;
    if (e.monotonic.count() == 0)
        e.monotonic = now_of(CLOCK_MONOTONIC);
    if (e.boot.count() == 0)
        e.boot = now_of(CLOCK_BOOTTIME);
    const std::string line = to_line(e) + "\n";
    // One write: the kernel places appends whole, one behind the other.
    if (const auto n = ::write(file_, line.data(), line.size()); n != static_cast<ssize_t>(line.size()))
        throw std::system_error{n < 0 ? errno : ENOSPC, std::generic_category(), "history"};
}

}  // namespace turnstile::inline v0::testing
