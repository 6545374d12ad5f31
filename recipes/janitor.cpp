#include <turnstile/path.hpp>
#include <turnstile/recipes/janitor.hpp>
#include <turnstile/recipes/leader_election.hpp>

#include "detail/claim.hpp"
#include "detail/line_verbs.hpp"
#include "detail/message_buckets.hpp"
#include "detail/retry.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;
using std::chrono::system_clock;

janitor::janitor(session s, janitor_options how) : work_{std::move(s), std::move(how), {}, {}}
{
    detail::check_line(work_.how.base, "janitor");
    if (work_.how.batch == 0 || work_.how.batch > 1'000)
        throw error{errc::bad_argument, "janitor", work_.how.base, "batch: from 1 to 1000"};
}

void janitor::keep_clean(const message_gate& gate) { work_.messages.push_back(gate); }

void janitor::keep_clean(const once_gate& gate)
{
    for (auto& [directory, keep] : gate.kept())
        work_.kinds.push_back({std::move(directory), keep});
}

namespace {

constexpr auto verb = "janitor::sweep";

/// What a look has done so far, and how it is done.
struct round {
    session ensemble;
    janitor_options how;
    janitor_report sums;

    round(session s, janitor_options h) : ensemble{std::move(s)}, how{std::move(h)} {}

    void tell() const
    {
        if (how.progress)
            how.progress(sums);
    }
};

awaitable<void> pause(std::chrono::milliseconds length)
{
    boost::asio::steady_timer t{co_await boost::asio::this_coro::executor, length};
    co_await t.async_wait(boost::asio::use_awaitable);
}

/// Names; none where there is no such directory.
awaitable<std::vector<std::string>> list(session s, std::string directory)
{
    op::children look{directory};
    auto found = co_await s.run(std::move(look), deadline{s.options().operation_timeout});
    if (found.ec && found.ec != errc::no_node)
        throw error{found.ec, verb, directory};
    std::sort(found.children.begin(), found.children.end());
    co_return std::move(found.children);
}

struct doomed {
    std::string path;
    std::int32_t version;
};

/// One transaction; one by one where somebody else has been faster, or has changed one. Answers how many went.
awaitable<std::size_t> erase_all(session s, std::vector<doomed> all)
{
    const auto until = deadline{s.options().operation_timeout};
    transaction t;
    for (const auto& d : all)
        t.erase(d.path, d.version);
    op::multi together{std::move(t).release()};
    const auto gone = co_await s.run(std::move(together), until);
    if (gone.ok())
        co_return all.size();
    // In doubt, they may be gone, and others of the same versions may stand there by now: that takes another look.
    if (!precondition_failed(gone.ec))
        throw error{gone.ec, verb, all.front().path};
    pipeline each;
    for (const auto& d : all)
        each.add(op::erase{d.path, d.version});
    const auto answers = co_await s.run(std::move(each), until);
    std::size_t n = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto ec = answers[i].ec;
        n += ec ? 0 : 1;
        if (ec && ec != errc::no_node && ec != errc::bad_version && ec != errc::not_empty)
            throw error{ec, verb, all[i].path};
    }
    co_return n;
}

/// In transactions, with pauses.
awaitable<void> erase_slowly(round& r, std::vector<doomed> all)
{
    for (std::size_t from = 0; from < all.size(); from += r.how.batch) {
        const auto first = all.begin() + static_cast<std::ptrdiff_t>(from);
        const auto last = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), from + r.how.batch));
        auto erasing = erase_all(r.ensemble, {first, last});
        r.sums.ids += co_await std::move(erasing);
        r.tell();
        co_await pause(r.how.pause);
    }
}

awaitable<void> sweep_bucket(round& r, std::string bucket)
{
    auto listing = list(r.ensemble, bucket);
    const auto shards = co_await std::move(listing);
    std::vector<doomed> directories;
    for (const auto& shard : shards) {
        const auto directory = join_path(bucket, shard);
        auto reading = list(r.ensemble, directory);
        const auto ids = co_await std::move(reading);
        std::vector<doomed> all;
        all.reserve(ids.size());
        for (const auto& id : ids)
            all.push_back({join_path(directory, id), any_version});
        auto erasing = erase_slowly(r, std::move(all));
        co_await std::move(erasing);
        directories.push_back({directory, any_version});
    }
    directories.push_back({bucket, any_version});
    auto erasing = erase_all(r.ensemble, std::move(directories));
    co_await std::move(erasing);
    ++r.sums.buckets;
    r.tell();
}

awaitable<void> sweep_messages(round& r, message_gate gate)
{
    const detail::message_buckets buckets{gate.directory(), gate.policy()};
    auto listing = list(r.ensemble, gate.directory());
    const auto all = co_await std::move(listing);
    for (const auto& bucket : all) {
        if (!buckets.is_dead(bucket, system_clock::now()))
            continue;
        auto sweeping = sweep_bucket(r, join_path(gate.directory(), bucket));
        co_await std::move(sweeping);
    }
}

bool is_over(const outcome& node, std::chrono::seconds keep)
{
    using status = detail::claim_record::status;
    const auto state = detail::parse_claim_record(node.data).state;
    const auto since = system_clock::time_point{std::chrono::milliseconds{node.stat.mtime}};
    return (state == status::done || state == status::failed) && since + keep < system_clock::now();
}

awaitable<void> sweep_shard(round& r, std::string directory, std::chrono::seconds keep)
{
    auto listing = list(r.ensemble, directory);
    const auto keys = co_await std::move(listing);
    for (std::size_t from = 0; from < keys.size(); from += r.how.batch) {
        const auto to = std::min(keys.size(), from + r.how.batch);
        pipeline look;
        for (auto i = from; i < to; ++i)
            look.add(op::get{join_path(directory, keys[i])});
        const auto found = co_await r.ensemble.run(std::move(look), deadline{r.ensemble.options().operation_timeout});
        std::vector<doomed> all;
        for (auto i = from; i < to; ++i) {
            const auto& node = found[i - from];
            if (node.ec && node.ec != errc::no_node)
                throw error{node.ec, verb, join_path(directory, keys[i])};
            if (node.ok() && is_over(node, keep))
                all.push_back({join_path(directory, keys[i]), node.stat.version});
            else if (node.ok())
                ++r.sums.kept;
        }
        auto erasing = erase_slowly(r, std::move(all));
        co_await std::move(erasing);
    }
}

awaitable<void> sweep_keys(round& r, std::string kind, std::chrono::seconds keep)
{
    auto listing = list(r.ensemble, kind);
    const auto shards = co_await std::move(listing);
    for (const auto& shard : shards) {
        auto sweeping = sweep_shard(r, join_path(kind, shard), keep);
        co_await std::move(sweeping);
    }
}

}  // namespace

awaitable<janitor_report> janitor::sweep_all(work w)
{
    round r{w.ensemble, w.how};
    for (const auto& gate : w.messages) {
        auto sweeping = sweep_messages(r, gate);
        co_await std::move(sweeping);
    }
    for (const auto& kind : w.kinds) {
        auto sweeping = sweep_keys(r, kind.directory, kind.keep);
        co_await std::move(sweeping);
    }
    co_return r.sums;
}

awaitable<void> janitor::sweep_again_and_again(work w)
{
    while (true) {
        try {
            auto sweeping = sweep_all(w);
            co_await std::move(sweeping);
        } catch (const error& e) {
            if (cancelled(e.code()) || e.code() == errc::session_closed)
                throw;
        }
        co_await pause(w.how.interval);
    }
}

awaitable<janitor_report> janitor::sweep() const { return sweep_all(work_); }

/// Those who have the same to do elect one. FNV-1a, 64 bits, of all that is to be kept clean, in whatever order.
std::string janitor::election_of(const work& w)
{
    std::set<std::string> all;
    for (const auto& gate : w.messages)
        all.insert(gate.directory());
    for (const auto& kind : w.kinds)
        all.insert(kind.directory);
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const auto& directory : all)
        for (const unsigned char c : directory + "\n")
            hash = (hash ^ c) * 0x100000001b3U;
    return join_path(w.how.base, "janitors/" + std::to_string(hash));
}

awaitable<void> janitor::run() const
{
    leader_election turn{work_.ensemble, election_of(work_), "janitor"};
    return turn.lead([w = work_](lease&) { return sweep_again_and_again(w); });
}

}  // namespace turnstile::inline v0
