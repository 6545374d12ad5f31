#include "client_log.hpp"

#include <spdlog/spdlog.h>

#include <mutex>
#include <string_view>

namespace turnstile::inline v0::detail {

namespace {

constexpr std::size_t lines_at_once = 5;
constexpr auto one_line_per = std::chrono::seconds{30};

struct shared_log {
    std::mutex mutex;
    // Guarded by mutex.
    std::weak_ptr<spdlog::logger> log;
    log_limit limit;
};

shared_log& shared()
{
    static auto* const s = new shared_log;  // libzookeeper's threads may outlive static storage
    return *s;
}

}  // namespace

log_limit::verdict log_limit::ask(clock::time_point now)
{
    const bool due = written_ != 0 && now - last_ >= one_line_per;
    if (written_ >= lines_at_once && !due) {
        ++left_out_;
        return {false, 0};
    }
    ++written_;
    last_ = now;
    return {true, std::exchange(left_out_, 0)};
}

void client_log::use(const std::shared_ptr<spdlog::logger>& log)
{
    const std::lock_guard lock{shared().mutex};
    shared().log = log;
}

void client_log::relax()
{
    const std::lock_guard lock{shared().mutex};
    shared().limit.relax();
}

void client_log::write(const char* line)
{
    std::shared_ptr<spdlog::logger> log;
    log_limit::verdict v{};
    {
        const std::lock_guard lock{shared().mutex};
        log = shared().log.lock();
        if (!log)
            return;
        v = shared().limit.ask(log_limit::clock::now());
    }
    if (!v.write)
        return;
    const std::string_view text{line};
    const bool failed = text.find(":ZOO_ERROR@") != std::string_view::npos;
    log->log(failed ? spdlog::level::err : spdlog::level::warn, "libzookeeper: {}", text);
    if (v.left_out != 0)
        log->warn("libzookeeper: {} more lines were left out", v.left_out);
}

}  // namespace turnstile::inline v0::detail
