// One leader among the instances of a service, and the others ready to follow.
//
//     leader_election jobs{session, "/services/jobs/leader", "jobs-3"};
//     co_await jobs.lead([&](lease& term) { return run_jobs(term); });     // whenever it is our turn, while it lasts
//
// Candidates stand in a mutex's line: the first leads, and when it resigns or dies the next takes over, half a round trip
// after its znode has gone. Leadership is a lease: term.check() before each effect, term.token() for what the leader writes.
// As with every lock, a leader that was stopped may believe in itself a little too long; what it writes is fenced by the
// token (one greater for each leader).
//
// Source: ZooKeeper's "Leader Election" recipe. Departures: those of mutex. Curator's LeaderLatch and LeaderSelector have
// lines of other names; they do not stand in this one.
//
// Thread safety: all members from any thread.
#pragma once

#include <turnstile/deadline.hpp>
#include <turnstile/lease.hpp>
#include <turnstile/recipes/export.hpp>
#include <turnstile/recipes/line.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/session.hpp>
#include <turnstile/while_held.hpp>

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace turnstile::inline v0 {

/// What becomes of the work of a leader that is cut off from the ensemble.
enum class when_cut_off {
    go_on,  ///< it goes on until the term has run out: a short disconnect is nothing
    stop,   ///< it is cancelled at once, and the candidate campaigns anew
};

/// The leaders of an election, one after the other, for those who follow. Not thread-safe: one coroutine at a time.
class TURNSTILE_RECIPES_EXPORT leader_stream {
public:
    leader_stream(session s, std::string path);

    /// The first time: who leads now (nullopt: nobody). From then on it completes when that has changed; leaders who came
    /// and went while nobody asked are left out. It goes on through lost connections and expired sessions.
    ///
    /// Cost: a look is 2 round trips (list, watched read; 3 while the election's directory is missing) and leaves 1 watch.
    /// The first call looks, and after that there is a look for each event of that watch, whoever calls when. Cancellation:
    /// ends at once, loses nothing. Errors: errc::timed_out when the deadline passes first; session_closed.
    boost::asio::awaitable<std::optional<contender>> next(deadline until = {});

private:
    struct state;
    static boost::asio::awaitable<std::optional<contender>> follow(std::shared_ptr<state> known, deadline until);
    std::shared_ptr<state> state_;
};

class TURNSTILE_RECIPES_EXPORT leader_election {
public:
    /// `path`: the election, a directory as a mutex's. `candidate`: what others shall know of us, as contender::purpose; at
    /// most 200 bytes. Throws errc::bad_path, errc::bad_argument. Costs nothing.
    leader_election(session s, std::string path, std::string candidate = {});

    /// Waits to become the leader. The lease is the term: releasing it is resigning. Cost and errors: mutex::acquire.
    boost::asio::awaitable<lease> campaign(deadline until = {});
    /// Leads only if nobody does or wants to. Cost and errors: mutex::try_acquire.
    boost::asio::awaitable<std::optional<lease>> try_lead();

    /// Campaigns, and runs `work(term)` while leading; when the term is lost the work is cancelled, and once it has unwound
    /// the next campaign begins, in a new ZooKeeper session if need be. Ends when the work ends by itself (with its
    /// exception, if any); the leader has resigned then. Cancelling the call cancels the work or the campaign, and resigns.
    /// `work` is a function from lease& to boost::asio::awaitable<void>; it runs on the caller's executor.
    template <class Work>
    boost::asio::awaitable<void> lead(Work work, when_cut_off policy = when_cut_off::go_on)
    {
        return lead_with(*this, std::function<boost::asio::awaitable<void>(lease&)>{std::move(work)}, policy);
    }

    /// Who leads: the first in the line, as one server saw it. Cost: 2 round trips.
    boost::asio::awaitable<std::optional<contender>> leader(deadline until = {});
    /// The leader and those who would follow it, in order. Cost: 2 round trips.
    boost::asio::awaitable<line_view> participants(deadline until = {});
    leader_stream observe() const { return leader_stream{line_.get_session(), line_.path()}; }

    const std::string& path() const noexcept { return line_.path(); }
    const session& get_session() const noexcept { return line_.get_session(); }

private:
    static boost::asio::awaitable<void> lead_with(leader_election self,
                                                  std::function<boost::asio::awaitable<void>(lease&)> work,
                                                  when_cut_off policy);

    mutex line_;
    std::string candidate_;
};

}  // namespace turnstile::inline v0
