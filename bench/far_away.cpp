// P12: what takes how many round trips: the same workloads as of P1, P4, P7, P8 and P9, with 10 ms more on each way to the
// server and back. Each is done twice, with the delay and without, and what the delay adds is what is looked at: what the
// clients compute and the server writes to its disk takes the same time in both.
#include "library.hpp"
#include "workload.hpp"

#include <turnstile/testing/proxy.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>

namespace bench {
namespace {

constexpr std::chrono::milliseconds each_way{10};
constexpr double round_trip_us = 2 * std::chrono::duration<double, std::micro>(each_way).count();

constexpr auto round_trips = "round trips";
constexpr auto milliseconds = "ms";

/// A way to the first of the servers that can be made long. The same for the whole run: a library's process is told the
/// servers once.
class way {
public:
    reading near(const run& go, const arena& a) { return walk(go, a, std::chrono::milliseconds{0}); }
    reading far(const run& go, const arena& a) { return walk(go, a, each_way); }

private:
    reading walk(const run& go, arena a, std::chrono::milliseconds delay)
    {
        if (!net_)
            net_.emplace(a.servers.substr(0, a.servers.find(',')));
        net_->delay(delay);
        a.servers = net_->connect_string();
        // Few are enough: they hardly differ.
        a.samples = std::max(a.samples / 20, 8);
        a.duration *= 4;
        return go(a);
    }

    std::optional<turnstile::testing::proxy> net_;
};

/// Microseconds that something took, of what was read.
using time = std::function<double(const reading&)>;

time at(std::string name)
{
    return [name = std::move(name)](const reading& r) { return r.values.at(name); };
}

time one_of_a_second(std::string name)
{
    return [name = std::move(name)](const reading& r) { return 1e6 / r.values.at(name); };
}

/// What is done near by, and what of it is looked at.
struct near_by {
    std::string title;
    std::string of;  ///< the workload
    time taken;
    std::vector<target> wanted;
};

run through(const std::shared_ptr<way>& to, const time& taken, const run& go)
{
    if (!go)
        return {};
    return [=](const arena& a) -> reading {
        const double near = taken(to->near(go, a));
        const double far = taken(to->far(go, a));
        return {{round_trips, (far - near) / round_trip_us}, {milliseconds, far / 1e3}};
    };
}

workload far_from(const near_by& what, const std::vector<workload>& all, const std::shared_ptr<way>& to)
{
    const auto found = std::find_if(all.begin(), all.end(), [&](const workload& w) { return w.title == what.of; });
    if (found == all.end())
        throw std::logic_error{"no workload is called " + what.of};
    auto w = *found;
    w.title = "10 ms away: " + what.title;
    for (auto& p : w.peers)
        p.go = through(to, what.taken, p.go);
    w.ours.resize(1);  // in what style makes no difference at this distance
    w.ours.front().go = through(to, what.taken, w.ours.front().go);
    w.measures = {{"P12", round_trips, what.wanted}, {"", milliseconds, {}}};
    w.rounds_max = 2;
    return w;
}

}  // namespace

std::vector<workload> far_away(const libraries& others)
{
    const libraries theirs{others.curator->another(), others.kazoo->another()};
    std::vector<workload> all;
    for (const auto& part : {uncontended, contended, fresh_keys, refused_tries, family_alone}) {
        for (auto& w : part(theirs))
            all.push_back(std::move(w));
    }
    const double some = 1.05;  // what both ways have in common is not the same twice
    const auto beside_curator = [=](double ratio) { return at_most_times_peer("Curator", ratio * some); };
    const auto to = std::make_shared<way>();
    std::vector<workload> far;
    for (const near_by& what : {
             near_by{"acquire", "uncontended acquire", at(name::acquire_p50), {at_most(some), beside_curator(0.5)}},
             near_by{"hand-over", "one key, 8 contenders", at(name::hand_over_p50), {at_most(some), beside_curator(0.5)}},
             near_by{"5 keys", "uncontended lock of 5 keys", at(name::acquire_p50), {at_most(some), beside_curator(0.1)}},
             near_by{"5 permits", "uncontended 5 permits of 5", at(name::acquire_p50), {at_most(some)}},
             near_by{"turn of a new key", "a key that nobody has used before", one_of_a_second("cycles/s"), {at_most(some)}},
             near_by{"refused try", "try while another holds", at("refused try p50 µs"), {at_most(some)}},
         })
        far.push_back(far_from(what, all, to));
    return far;
}

}  // namespace bench
