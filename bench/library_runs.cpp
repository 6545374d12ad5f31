#include "library_runs.hpp"

#include "race_rate.hpp"
#include "statistics.hpp"

#include <algorithm>

namespace bench {
namespace {

std::string directory(const library& other, const std::string& topic)
{
    return "/bench/" + topic + '-' + other.name() + ' ';
}

/// Of the contenders' hand-overs those between two grants, by their numbers.
std::vector<double> between(const std::vector<double>& hand_overs, double first, double last)
{
    const auto clamp = [&](double n) {
        return hand_overs.begin() + std::min(static_cast<std::ptrdiff_t>(n), std::ssize(hand_overs));
    };
    return {clamp(first), clamp(last)};
}

}  // namespace

reading time_pairs_of(library& other, const arena& a, const std::string& what, const std::string& topic)
{
    const auto request = "pairs " + what + ' ' + directory(other, topic);
    other.ask(a, request + std::to_string(a.warming_up()));

    const auto used = other.meter(a);
    auto said = other.ask(a, request + std::to_string(a.samples));
    reading r;
    used.share(r, a.samples);
    tell_acquires(r, std::move(said["acquire"]));
    r[name::pair_p50] = median(said["pair"]);
    return r;
}

reading time_loop_of(library& other, const arena& a, const std::string& what, const std::string& topic)
{
    other.ask(a, "pairs " + what + ' ' + directory(other, topic) + std::to_string(a.warming_up()));

    const auto used = other.meter(a);
    auto said = other.ask(a, "loop " + what + ' ' + directory(other, topic) + std::to_string(a.duration.count()));
    const double pairs = said["pairs"].front();
    reading r;
    used.share(r, pairs);
    r[name::pairs_a_second] = pairs / said["seconds"].front();
    return r;
}

reading time_race_of(library& other, const arena& a, const std::string& what, const std::string& topic, int contenders)
{
    other.ask(a, "race " + what + ' ' + directory(other, topic) + std::to_string(contenders));
    std::vector<double> grants, given_up;
    const auto count = [&] {
        auto said = other.ask(a, "count");
        given_up.push_back(said["given-up"].front());
        grants.push_back(said["grants"].front());
        return grants.back();
    };
    auto r = rate_of(
        a, [&] { return other.meter(a); }, count);
    const auto hand_overs = other.ask(a, "finish")["hand-over"];
    if (!hand_overs.empty())
        tell_hand_overs(r, between(hand_overs, grants.front(), grants.back()));
    r[given_up_a_second] = (given_up.back() - given_up.front()) / std::chrono::duration<double>(a.duration).count();
    return r;
}

reading weigh_waiters_of(const library& other, const arena& a, const std::string& topic, int lines, int waiters)
{
    const auto fresh = other.another();
    const auto where = directory(other, topic) + std::to_string(lines);
    fresh->ask(a, "hold " + where);
    const auto before = fresh->occupies();
    fresh->ask(a, "wait " + where + ' ' + std::to_string(waiters));
    const auto after = fresh->occupies();
    return growth(before, after, waiters);
}

}  // namespace bench
