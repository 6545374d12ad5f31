// What is said about a handful of numbers.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace bench {

/// The smallest value that `share` (0 to 1) of the values do not exceed; NaN of nothing.
double percentile(std::vector<double> values, double share);
double median(const std::vector<double>& values);

/// (largest − smallest) / median: how far the rounds disagree.
double spread(const std::vector<double>& values);

/// What one side showed in one round, by the name of the measure.
using reading = std::map<std::string, double>;

}  // namespace bench
