// What another library is asked to do for more than one workload, and what its answers say. `what` is a word of its side:
// curator/Turn.java and curator/Race.java, kazoo/turns.py and kazoo/race.py.
#pragma once

#include "library.hpp"

#include <string>

namespace bench {

/// arena::samples times, one by one. Name of the directory: "/bench/" + topic + "-" + the library's name.
reading time_pairs_of(library& other, const arena& a, const std::string& what, const std::string& topic);

/// For as long as arena::duration says.
reading time_loop_of(library& other, const arena& a, const std::string& what, const std::string& topic);

/// Contenders with a session each.
reading time_race_of(library& other, const arena& a, const std::string& what, const std::string& topic, int contenders);

/// What each of so many waiters occupies. It takes a process of its own.
reading weigh_waiters_of(const library& other, const arena& a, const std::string& topic, int lines, int waiters);

}  // namespace bench
