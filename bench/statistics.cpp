#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bench {

double percentile(std::vector<double> values, double share)
{
    if (values.empty())
        return std::numeric_limits<double>::quiet_NaN();
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
}

double median(const std::vector<double>& values) { return percentile(values, 0.5); }

double spread(const std::vector<double>& values)
{
    if (values.empty())
        return std::numeric_limits<double>::quiet_NaN();
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return *most == *least ? 0 : (*most - *least) / median(values);
}

}  // namespace bench
