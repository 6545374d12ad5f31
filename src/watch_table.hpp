// Which mailboxes wait for news of which paths. libzookeeper gets one watcher function with one context per handle, because
// its own dispatch takes seconds with many contexts; who is to be told is decided here. Pure bookkeeping, no locks.
#pragma once

#include <turnstile/operation.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace turnstile::inline v0::detail {

class mailbox;

/// What a watch is about: the node itself, or who its children are.
enum class watch_subject : unsigned char { node, children };

class watch_table {
public:
    explicit watch_table(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    /// What libzookeeper would have to send again after a reconnect, with what is on its way already.
    bool has_room(std::size_t path_bytes) const noexcept { return bytes_ + path_bytes <= bytes_max_; }

    /// A watching operation was sent; it ends with `settled` and, when it left a watch, `add`.
    void expect(const std::string& path);
    void settled(const std::string& path);
    void add(const std::string& path, watch_subject subject, const std::shared_ptr<mailbox>& box);

    /// Takes out and returns those whom an event concerns.
    std::vector<std::shared_ptr<mailbox>> fire(watch_event_type type, const std::string& path);

    /// Takes out everything of one mailbox; returns the paths that nobody watches or is about to watch any more.
    std::vector<std::string> forget(mailbox& box);

    /// Takes out everything: the ZooKeeper session is over.
    std::vector<std::shared_ptr<mailbox>> clear();

    bool watched(const std::string& path) const;
    std::size_t size() const noexcept { return count_; }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    struct entry {
        std::shared_ptr<mailbox> box;
        watch_subject subject;

        entry(std::shared_ptr<mailbox> box_, watch_subject subject_) : box{std::move(box_)}, subject{subject_} {}
    };
    struct watchers {
        std::vector<entry> entries;
        std::size_t expected = 0;

        watchers() = default;
    };

    void drop_if_idle(std::unordered_map<std::string, watchers>::iterator at);

    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;                              // sum of the keys' sizes
    std::size_t count_ = 0;                              // entries
    std::unordered_map<std::string, watchers> by_path_;  // keys stay where they are: mailboxes point to them
};

}  // namespace turnstile::inline v0::detail
