#include <turnstile/testing/faults.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace turnstile::inline v0::testing {

namespace {

/// One run of the body with one fault at one point. Answers whether it was met.
using run_once = std::function<bool(fault what, std::size_t k)>;

bool run_armed(faults& f, fault what, std::size_t k, const std::function<void()>& body)
{
    f.arm(k, what);
    try {
        body();
    } catch (const std::exception& e) {
        std::throw_with_nested(std::runtime_error{f.describe() + ": " + e.what()});
    }
    return f.fired();
}

faultsim_report at_every_point(const faultsim_options& o, const run_once& met_at)
{
    faultsim_report report;
    for (const auto what : o.classes) {
        auto& points = report.points[what];
        while (met_at(what, points + 1))
            if (++points >= o.points_max)
                throw std::runtime_error{"faultsim: " + std::string{to_string(what)} + " was met at every operation up to " +
                                         std::to_string(points) + ": the body does not end"};
    }
    return report;
}

}  // namespace

std::size_t faultsim_report::total() const
{
    std::size_t sum = 0;
    for (const auto& [what, count] : points)
        sum += count;
    return sum;
}

faultsim_report faultsim(const std::function<void(faults& f, memory_server& server)>& body, const faultsim_options& o)
{
    return at_every_point(o, [&](fault what, std::size_t k) {
        memory_server server{o.server};
        faults f{server.transport()};
        return run_armed(f, what, k, [&] { body(f, server); });
    });
}

faultsim_report faultsim(const std::function<std::shared_ptr<detail::transport>()>& inner,
                         const std::function<void(faults& f)>& body, const faultsim_options& o)
{
    return at_every_point(o, [&](fault what, std::size_t k) {
        faults f{inner()};
        return run_armed(f, what, k, [&] { body(f); });
    });
}

}  // namespace turnstile::inline v0::testing
