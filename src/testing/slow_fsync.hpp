// The shared object of slow_fsync.c, carried inside this library: so it is where it is needed, wherever we are installed.
#pragma once

#include <filesystem>

namespace turnstile::inline v0::testing {

void write_slow_fsync(const std::filesystem::path& where);

}  // namespace turnstile::inline v0::testing
