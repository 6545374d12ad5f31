// A directory of one's own in $TMPDIR, for as long as this object lives: for what a test, or a server of a test, writes.
//
// Promise: no other process is given the same one, and it is removed with all that is in it. A process that crashes leaves
// it behind; a forked child leaves it alone.
#pragma once

#include <turnstile/testing/export.hpp>

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace turnstile::inline v0::testing {

class TURNSTILE_TESTING_EXPORT temporary_directory {
public:
    /// `name` is what its own name begins with. Throws std::system_error.
    explicit temporary_directory(const std::string& name);
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory();

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    const pid_t owner_;
    const std::filesystem::path path_;
};

}  // namespace turnstile::inline v0::testing
