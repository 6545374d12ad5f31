// The report of a run: one page for people, the same for programs, and a picture of each violation.
#pragma once

#include "run.hpp"

#include <string>

namespace turnstile::chaos {

std::string page_of(const run_options& how, const run_result& result);

/// Writes report.txt, report.json and violation-N.svg into the run's directory.
void save(const run_options& how, const run_result& result);

}  // namespace turnstile::chaos
