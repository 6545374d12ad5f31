// All keys of a cohort: their queues in memory, and which locks are kept unused.
#pragma once

#include <turnstile/recipes/cohort_mutex.hpp>
#include <turnstile/session.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace turnstile::inline v0::detail {

class local_line;

class local_lines : public std::enable_shared_from_this<local_lines> {
public:
    local_lines(session s, cohort_options how);

    const session& get_session() const noexcept { return session_; }
    const cohort_options& options() const noexcept { return options_; }
    /// Where the lines ask, and where their signals are emitted.
    const boost::asio::any_io_executor& errands() const noexcept { return errands_; }

    /// The queue of a key: one object for as long as anybody uses it.
    std::shared_ptr<local_line> line(const std::string& path);
    void forget(const std::string& path) noexcept;

    /// The line keeps its lock, unused. The result has to give its own up, if there is one: it has been idle for longest.
    std::shared_ptr<local_line> keeps(std::shared_ptr<local_line> line);
    void keeps_no_more(const local_line* line);
    std::size_t kept() const;
    void give_up_kept() noexcept;
    /// The last of the cohort has gone: nothing is kept any more.
    void close() noexcept;

private:
    using idle_list = std::list<std::shared_ptr<local_line>>;

    const session session_;
    const cohort_options options_;
    const boost::asio::any_io_executor errands_;
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::unordered_map<std::string, std::weak_ptr<local_line>> lines_;
    bool closed_ = false;
    idle_list idle_;  // the longest first
    std::unordered_map<const local_line*, idle_list::iterator> where_;
};

}  // namespace turnstile::inline v0::detail
