#include "want.hpp"

#include <turnstile/recipes/leader_election.hpp>
#include <turnstile/recipes/multi_lock.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/semaphore.hpp>
#include <turnstile/recipes/shared_mutex.hpp>

#include <utility>

namespace turnstile::simulation {

namespace {

using boost::asio::awaitable;

template <class Recipe>
want of(Recipe r, std::vector<claimed> what)
{
    want w;
    w.what = std::move(what);
    w.acquire = [r](acquire_options how) { return Recipe{r}.acquire(std::move(how)); };
    w.try_acquire = [r](acquire_options how) { return Recipe{r}.try_acquire(std::move(how)); };
    w.try_until = [r](acquire_options how) { return Recipe{r}.try_acquire_until(std::move(how)); };
    return w;
}

awaitable<std::optional<lease>> campaign_until(leader_election e, deadline until)
{
    if (until.passed())
        co_return co_await e.try_lead();
    try {
        co_return co_await e.campaign(until);
    } catch (const error& x) {
        if (x.code() != errc::timed_out)
            throw;
    }
    co_return std::nullopt;
}

/// The desires of one contender.
class wishes {
public:
    wishes(world& w, process_id p, session s) : world_{w}, process_{p}, session_{std::move(s)} {}

    want any()
    {
        const auto key = world_.chance.one_of(world_.keys);
        const auto rule = world_.rules[key];
        if (rule.what == line_rule::kind::permits)
            return some_permits(key, rule.maximum);
        if (rule.what == line_rule::kind::read_write)
            return world_.chance.one_in(3) ? to_write(key) : to_read(key);
        if (world_.chance.one_in(3))
            return several();
        if (world_.chance.one_in(2))
            return with_others_of_the_process(key);
        if (world_.chance.one_in(2))
            return to_lead(key);
        return of(mutex{session_, key}, {claimed{key}});
    }

private:
    want to_lead(const std::string& key)
    {
        world_.counts.count("candidates");
        const leader_election e{session_, key, "p"};
        want w;
        w.what = {claimed{key}};
        w.elects = true;
        w.acquire = [e](acquire_options how) { return leader_election{e}.campaign(how.until); };
        w.try_acquire = [e](const acquire_options&) { return leader_election{e}.try_lead(); };
        w.try_until = [e](acquire_options how) { return campaign_until(e, how.until); };
        return w;
    }

    want with_others_of_the_process(const std::string& key)
    {
        world_.counts.count("callers of a cohort");
        claimed c{key};
        c.handed_on = true;
        auto w = of(cohort_mutex{world_.cohorts.at(process_), key}, {c});
        w.stays = true;
        return w;
    }

    want some_permits(const std::string& key, std::uint32_t maximum)
    {
        world_.counts.count("permits");
        claimed c{key};
        c.weight = static_cast<std::uint32_t>(world_.chance.between(1, maximum));
        const permits n{c.weight};
        const semaphore s{session_, key, maximum};
        want w;
        w.what = {c};
        w.acquire = [s, n](acquire_options how) { return semaphore{s}.acquire(n, std::move(how)); };
        w.try_acquire = [s, n](acquire_options how) { return semaphore{s}.try_acquire(n, std::move(how)); };
        w.try_until = [s, n](acquire_options how) { return semaphore{s}.try_acquire_until(n, std::move(how)); };
        return w;
    }

    want to_write(const std::string& key)
    {
        world_.counts.count("writers");
        auto w = of(shared_mutex{session_, key}, {claimed{key}});
        w.writes = true;
        return w;
    }

    want to_read(const std::string& key)
    {
        world_.counts.count("readers");
        claimed c{key};
        c.shared = true;
        const shared_mutex m{session_, key};
        want w;
        w.what = {c};
        w.acquire = [m](acquire_options how) { return shared_mutex{m}.acquire_shared(std::move(how)); };
        w.try_acquire = [m](acquire_options how) { return shared_mutex{m}.try_acquire_shared(std::move(how)); };
        w.try_until = [m](acquire_options how) { return shared_mutex{m}.try_acquire_shared_until(std::move(how)); };
        return w;
    }

    /// Some of the mutexes, in any order.
    want several()
    {
        std::vector<std::string> mine;
        for (const auto& key : world_.keys)
            if (world_.rules[key].what == line_rule::kind::exclusive)
                mine.insert(world_.chance.one_in(2) ? mine.begin() : mine.end(), key);
        if (mine.size() > 1)
            world_.counts.count("several locks at once");
        std::vector<claimed> what;
        for (const auto& key : mine)
            what.emplace_back(key);
        return of(multi_lock{session_, mine}, what);
    }

    world& world_;
    const process_id process_;
    const session session_;
};

}  // namespace

want something_to_want(world& w, process_id p, const session& s) { return wishes{w, p, s}.any(); }

}  // namespace turnstile::simulation
