// Where the id of a message lies: in a bucket by its time, in one of that bucket's directories by its name.
//
//     <base>/messages/payments-in/000000495213/0a7/<id>
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/recipes/message_gate.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

class message_buckets {
public:
    using time_point = std::chrono::system_clock::time_point;

    message_buckets(std::string directory, const message_policy& p)
        : directory_{std::move(directory)}, retention_{p.retention}, length_{p.bucket}, shards_{p.shards}
    {
    }

    const std::string& directory() const noexcept { return directory_; }
    std::string path_of(std::string_view encoded_id, time_point sent_at) const;

    /// One directory of each bucket that may be live: a sample of them all, another one each time.
    std::vector<std::string> sample() const;
    /// Nothing of it is asked for any more, by whatever clock.
    bool is_dead(std::string_view bucket, time_point now) const;

private:
    std::string bucket_of(time_point t) const;

    std::string directory_;
    std::chrono::minutes retention_;
    std::chrono::minutes length_;
    std::uint32_t shards_;
};

/// About how many ids are live, by a sample now and then and what was claimed since. Thread-safe.
class live_count {
public:
    bool is_stale() const;
    void counted(std::uint64_t live);
    /// Whether there is room for some more; counts them if so.
    bool take(std::size_t more, std::uint64_t most);

private:
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    deadline::clock::time_point next_;
    std::uint64_t live_ = 0;
};

}  // namespace turnstile::inline v0::detail
