#include <turnstile/recipes/leader_election.hpp>

#include <turnstile/latch.hpp>
#include <turnstile/path.hpp>

#include "detail/line_verbs.hpp"
#include "detail/place_name.hpp"

#include <chrono>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

leader_election::leader_election(session s, std::string path, std::string candidate)
    : line_{std::move(s), std::move(path)}, candidate_{std::move(candidate)}
{
    acquire_options how;
    how.purpose = candidate_;
    static_cast<void>(detail::request_for(line_.get_session(), line_.path(), "leader_election", how));
}

awaitable<lease> leader_election::campaign(deadline until)
{
    acquire_options how{until};
    how.purpose = candidate_;
    return line_.acquire(std::move(how));
}

awaitable<std::optional<lease>> leader_election::try_lead()
{
    acquire_options how;
    how.purpose = candidate_;
    return line_.try_acquire(std::move(how));
}

awaitable<line_view> leader_election::participants(deadline until) { return line_.line(until); }

namespace {

awaitable<std::optional<contender>> first_of(awaitable<line_view> line)
{
    auto view = co_await std::move(line);
    if (view.empty())
        co_return std::nullopt;
    co_return std::move(view.front());
}

}  // namespace

awaitable<std::optional<contender>> leader_election::leader(deadline until) { return first_of(line_.line(until)); }

// ---- Leading ----------------------------------------------------------------------------------------------------------

namespace {

/// Completes when the term is lost, or the connection is.
awaitable<void> until_cut_off(lease& term)
{
    namespace asio = boost::asio;
    const auto strand = co_await asio::this_coro::executor;
    const session& s = term.get_session();
    latch cut_off;
    const auto listening = s.on_state(strand, [cut_off](connection_state now) mutable {
        if (now != connection_state::connected)
            cut_off.open();
    });
    if (s.state() != connection_state::connected)
        co_return;
    auto both = asio::experimental::make_parallel_group(co_spawn(strand, term.lost(), asio::deferred),
                                                        co_spawn(strand, cut_off.wait({}), asio::deferred));
    auto first_of_both = both.async_wait(asio::experimental::wait_for_one(), asio::deferred);
    const auto [order, not_lost, failed_to_wait, woken] = co_await std::move(first_of_both);
    if (order[0] == 0 && not_lost)
        std::rethrow_exception(not_lost);
}

/// errc::lost when the term has ended before the work.
awaitable<void> serve(lease& term, awaitable<void> work, when_cut_off policy)
{
    term.check();
    const auto executor = co_await boost::asio::this_coro::executor;
    auto end = policy == when_cut_off::go_on ? term.lost() : until_cut_off(term);
    co_await detail::run_until(executor, std::move(end), term.path(), std::move(work));
}

/// A candidate whose place went stands for the next term; whose session has been closed, or may not, does not.
bool stands_again(const error_code& ec) noexcept { return ec == errc::lost || ec == errc::session_expired; }

}  // namespace

awaitable<void> leader_election::lead_with(leader_election self, std::function<awaitable<void>(lease&)> work,
                                           when_cut_off policy)
{
    while (true) {
        try {
            auto campaign = self.campaign();
            auto term = co_await std::move(campaign);
            auto serving = serve(term, work(term), policy);
            co_await std::move(serving);
            co_return;
        } catch (const error& e) {
            if (!stands_again(e.code()))
                throw;
        }
    }
}

// ---- Following --------------------------------------------------------------------------------------------------------

struct leader_stream::state {
    session ensemble;
    std::string path;
    bool told = false;
    std::string leader;           // its node; empty: nobody
    std::optional<watcher> news;  // of what was seen last; empty: look again

    state(session s, std::string p) : ensemble{std::move(s)}, path{std::move(p)} {}
};

leader_stream::leader_stream(session s, std::string path) : state_{std::make_shared<state>(std::move(s), std::move(path))} {}

awaitable<std::optional<contender>> leader_stream::next(deadline until) { return follow(state_, until); }

namespace {

/// What is seen, and a watch on it; nothing when it changed between two looks, or the ZooKeeper session went.
struct sight {
    bool clear = false;
    std::optional<contender> leader;

    sight() = default;
};

sight nobody()
{
    sight s;
    s.clear = true;
    return s;
}

awaitable<outcome> ask(session s, operation what, watcher& news, deadline until)
{
    pipeline one;
    one.add(std::move(what), news);
    auto answers = co_await s.run(std::move(one), until);
    co_return std::move(answers.front());
}

/// Throws what will not change by looking again.
bool worth_another_look(const outcome& o, const std::string& path)
{
    if (o.ok() || o.ec == errc::no_node)
        return false;
    if (o.ec == errc::session_expired || o.ec == errc::connection_loss)
        return true;
    const bool late = o.ec == errc::deadline_exceeded || o.ec == errc::not_connected;
    throw error{late ? error_code{errc::timed_out} : o.ec, "leader_stream::next", path};
}

/// Nobody stands in the line: the first to come shows in its directory, or as that.
awaitable<sight> look_at_the_empty_line(session s, std::string path, watcher& news, deadline until)
{
    op::children watched{path, true};
    const auto line = co_await ask(s, std::move(watched), news, until);
    if (worth_another_look(line, path))
        co_return sight{};
    if (line.ok())
        co_return detail::places_in(line.children).empty() ? nobody() : sight{};
    op::exists directory{path, true};
    const auto made = co_await ask(s, std::move(directory), news, until);
    if (worth_another_look(made, path))
        co_return sight{};
    co_return made.ok() ? sight{} : nobody();
}

awaitable<sight> look_at_the_line(session s, std::string path, watcher& news, deadline until)
{
    op::children list{path};
    const auto line = co_await s.run(std::move(list), until);
    if (worth_another_look(line, path))
        co_return sight{};
    const auto places = detail::places_in(line.children);
    if (places.empty())
        co_return co_await look_at_the_empty_line(s, path, news, until);
    op::get head{join_path(path, places.front().name), true};
    const auto node = co_await ask(s, std::move(head), news, until);
    if (worth_another_look(node, path) || !node.ok())
        co_return sight{};
    sight seen = nobody();
    seen.leader = detail::contender_of(places.front(), node);
    co_return seen;
}

/// Whether something happened before the deadline. That the ZooKeeper session went is news as well.
awaitable<bool> happens(watcher& news, deadline until)
{
    try {
        auto next = news.next(until);
        const auto event = co_await std::move(next);
        co_return event.has_value();
    } catch (const error& e) {
        if (e.code() != errc::session_expired)
            throw;
    }
    co_return true;
}

}  // namespace

awaitable<std::optional<contender>> leader_stream::follow(std::shared_ptr<state> known, deadline until)
{
    while (true) {
        if (!known->news) {
            watcher news{known->ensemble};
            auto looking = look_at_the_line(known->ensemble, known->path, news, until);
            auto seen = co_await std::move(looking);
            if (!seen.clear)
                continue;
            known->news.emplace(std::move(news));
            const auto node = seen.leader ? seen.leader->node : std::string{};
            if (!std::exchange(known->told, true) || node != known->leader) {
                known->leader = node;
                co_return std::move(seen.leader);
            }
        }
        const bool changed = co_await happens(*known->news, until);
        if (!changed)
            throw error{errc::timed_out, "leader_stream::next", known->path};
        known->news.reset();
    }
}

}  // namespace turnstile::inline v0
