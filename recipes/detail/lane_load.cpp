#include "lane_load.hpp"

#include "pause.hpp"

#include <algorithm>

namespace turnstile::inline v0::detail {

using namespace std::chrono_literals;

namespace {

/// Of what is remembered; more is forgotten, which costs a write.
constexpr std::size_t refused_max = 4'096;

constexpr auto retry_min = 10ms;
constexpr auto retry_max = 10s;

}  // namespace

void lane_load::took(std::chrono::nanoseconds held)
{
    const std::lock_guard lock{mutex_};
    // Half of what is known is of the last three turns or so: a queue that slows down is noticed while it does.
    usual_ = usual_ == 0ns ? held : (4 * usual_ + held) / 5;
}

std::chrono::nanoseconds lane_load::usual() const
{
    const std::lock_guard lock{mutex_};
    return usual_;
}

std::optional<refusal> lane_load::judge(std::size_t ahead, std::size_t max_waiters, deadline until) const
{
    if (ahead > max_waiters)
        return refuse(refusal::reason::queue_full, ahead);
    const auto expected = static_cast<std::int64_t>(ahead) * usual();
    if (ahead > 0 && !until.is_never() && clock::now() + expected > until.when())
        return refuse(refusal::reason::deadline, ahead);
    return std::nullopt;
}

refusal lane_load::refuse(refusal::reason why, std::size_t ahead) const
{
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    refusal r;
    r.why = why;
    r.position = ahead;
    r.expected_wait = duration_cast<milliseconds>(static_cast<std::int64_t>(ahead) * usual());
    // By then half of those ahead have gone.
    r.retry_after = jittered(std::clamp<milliseconds>(r.expected_wait / 2, retry_min, retry_max));
    return r;
}

void lane_load::note_refused(const std::string& line, clock::time_point until)
{
    const std::lock_guard lock{mutex_};
    if (refused_.size() >= refused_max)
        refused_.clear();
    refused_[line] = until;
}

bool lane_load::recently_refused(const std::string& line)
{
    const std::lock_guard lock{mutex_};
    const auto found = refused_.find(line);
    if (found == refused_.end())
        return false;
    if (clock::now() < found->second)
        return true;
    refused_.erase(found);
    return false;
}

}  // namespace turnstile::inline v0::detail
