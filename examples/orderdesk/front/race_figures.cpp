#include "race_figures.hpp"

#include "judge/verdict_json.hpp"
#include "terminal.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace orderdesk {

namespace {

std::string one_decimal(double value)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

}  // namespace

std::string pinned(const race_result& r) { return one_decimal(r.pinned) + " (" + std::to_string(r.pinned_most) + ")"; }

std::string pace(const race_result& r)
{
    return one_decimal(r.in_a_second(r.judged.paid)) + " orders paid in a second, " +
           one_decimal(r.in_a_second(r.judged.answers)) +
           " requests answered; to an answer: " + seconds(std::chrono::microseconds{r.judged.median_us}) +
           ", 99 of 100 within " + seconds(std::chrono::microseconds{r.judged.p99_us});
}

void save_figures(const race_result& r, const std::filesystem::path& file)
{
    auto all = as_json(r.judged);
    all["as_promised"] = as_promised(r);
    all["busy_us"] = r.busy.count();
    all["orders_per_second"] = r.in_a_second(r.judged.paid);
    all["requests_per_second"] = r.in_a_second(r.judged.answers);
    all["pinned"] = r.pinned;
    all["pinned_most"] = r.pinned_most;
    std::ofstream out{file};
    out << all.dump(2) << '\n';
    if (!out.flush())
        throw std::runtime_error{"cannot write " + file.string()};
}

}  // namespace orderdesk
