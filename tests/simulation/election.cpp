#include "election.hpp"

#include "sleep.hpp"

#include <turnstile/recipes/leader_election.hpp>

#include <spdlog/fmt/fmt.h>

#include <utility>

namespace turnstile::simulation {

using boost::asio::awaitable;

namespace {

/// A term of office, however it ends.
class term {
public:
    term(world& w, process_id p, const std::string& key, lease& held) : world_{w}, process_{p}, held_{held}
    {
        w.judge.granted(p, {claimed{key}}, held);
        w.counts.count("terms");
    }
    term(const term&) = delete;
    term& operator=(const term&) = delete;
    ~term()
    {
        if (!held_.held())
            world_.lost(process_, held_);
        world_.judge.left(held_);
    }

private:
    world& world_;
    const process_id process_;
    const lease& held_;
};

awaitable<void> serve(world& w, process_id p, std::string key, lease& held)
{
    const term serving{w, p, key, held};
    w.judge.write(p, key, held, true);
    co_await sleep_for(w.chance.up_to(w.timeout / (w.chance.one_in(4) ? 1 : 4)));
    w.judge.write(p, key, held, w.chance.one_in(2));
}

}  // namespace

awaitable<void> lead(world& w, process_id p, session s, std::string key)
{
    const leader_election e{std::move(s), key, "p"};
    error_code ec;
    w.note(p, "leads " + key);
    ++w.calls_open;
    try {
        const auto policy = w.chance.one_in(2) ? when_cut_off::go_on : when_cut_off::stop;
        auto leading = leader_election{e}.lead([&w, p, key](lease& held) { return serve(w, p, key, held); }, policy);
        co_await std::move(leading);
    } catch (const error& x) {
        ec = x.code();
    }
    --w.calls_open;
    ++w.calls_ended;
    w.note(p, fmt::format("led {}: {}", key, ec.message()));
    if (ec)
        w.object(p, fmt::format("lead on {} ended with {}", key, ec.message()));
}

}  // namespace turnstile::simulation
