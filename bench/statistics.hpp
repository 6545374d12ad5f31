// What is said about a handful of numbers.
#pragma once

#include <vector>

namespace bench {

/// The smallest value that `share` (0 to 1) of the values do not exceed; NaN of nothing.
double percentile(std::vector<double> values, double share);
double median(const std::vector<double>& values);

/// (largest − smallest) / median: how far the rounds disagree.
double spread(const std::vector<double>& values);

}  // namespace bench
