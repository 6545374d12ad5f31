#include "message_buckets.hpp"

#include "registration.hpp"

#include <charconv>

namespace turnstile::inline v0::detail {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t digits = 12;
constexpr auto sampled_every = 1s;

}  // namespace

std::string message_buckets::bucket_of(time_point t) const
{
    const auto number = std::to_string(std::chrono::floor<std::chrono::minutes>(t.time_since_epoch()) / length_);
    return std::string(digits - std::min(digits, number.size()), '0') + number;
}

std::string message_buckets::path_of(std::string_view encoded_id, time_point sent_at) const
{
    std::string path = directory_;
    path.append("/").append(bucket_of(sent_at)).append("/").append(shard_of(encoded_id, shards_));
    return path.append("/").append(encoded_id);
}

std::vector<std::string> message_buckets::sample() const
{
    static std::atomic<std::uint32_t> turn{0};
    const auto shard = name_of_shard(turn++ % shards_);
    std::vector<std::string> paths;
    const auto now = std::chrono::system_clock::now();
    for (auto t = now - retention_; t < now + length_; t += length_)
        paths.push_back(directory_ + "/" + bucket_of(t) + "/" + shard);
    return paths;
}

bool message_buckets::is_dead(std::string_view bucket, time_point now) const
{
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(bucket.data(), bucket.data() + bucket.size(), number);
    if (failed != std::errc{} || end != bucket.data() + bucket.size() || bucket.size() != digits)
        return false;  // not one of ours
    const auto last = time_point{(number + 1) * length_};
    return last + retention_ + 2 * clock_skew::tolerated < now;
}

bool live_count::is_stale() const
{
    const std::lock_guard lock{mutex_};
    return deadline::clock::now() >= next_;
}

void live_count::counted(std::uint64_t live)
{
    const std::lock_guard lock{mutex_};
    live_ = live;
    next_ = deadline::clock::now() + sampled_every;
}

bool live_count::take(std::size_t more, std::uint64_t most)
{
    const std::lock_guard lock{mutex_};
    if (live_ + more > most)
        return false;
    live_ += more;
    return true;
}

}  // namespace turnstile::inline v0::detail
