// The end of an act: everybody leaves, somebody counts what is left in ZooKeeper, and the judge reads the books.
#pragma once

#include "judge/rules.hpp"
#include "stage.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace orderdesk {

/// Closes the books, takes the census, and has the act judged.
verdict hold_court(stage& st);

/// Another one than that of orders: "--messages", "--taps". What it says is JSON.
nlohmann::json call_the_judge(stage& st, const std::string& of);

/// "no rule of 15 is broken", or the rules that are.
std::string in_words(const verdict& v);

}  // namespace orderdesk
