// The acts as they are shown: a heading, what happened, the verdicts, the pictures, and an exit code.
#pragma once

#include "acts.hpp"
#include "stage.hpp"
#include "terminal.hpp"

#include <filesystem>
#include <string>

namespace orderdesk {

namespace exit_code {
inline constexpr int as_it_should_be = 0;
inline constexpr int broken_promise = 1;
inline constexpr int could_not_play = 2;
inline constexpr int too_gentle = 3;  ///< without a guard nothing went wrong: the run proves nothing
}  // namespace exit_code

int show_demo(const ensemble& zookeeper, const settings& s, terminal& out);
int show_race(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard);
int show_kill(const ensemble& zookeeper, const settings& s, terminal& out);
int show_payer(const ensemble& zookeeper, const settings& s, terminal& out);
int show_zombie(const ensemble& zookeeper, const settings& s, terminal& out);
int show_taps(const ensemble& zookeeper, const settings& s, terminal& out);
int show_messages(const ensemble& zookeeper, const settings& s, terminal& out);
int show_faults(const settings& s, terminal& out);

/// `dir`: where the book of an act lies.
int show_proof(const std::filesystem::path& dir, terminal& out);

}  // namespace orderdesk
