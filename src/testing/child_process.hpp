// A program that we run, and that never outlives us.
//
// Promise: it ends with this object, and when this process dies of whatever cause; it inherits stdin from /dev/null, stdout
// and stderr into a file, and no other descriptor; signals are as a shell would leave them.
//
// Not Boost.Process: version 1 needs the compiled Boost.Filesystem of the same release, which Debian's package of the
// headers does not bring, and both versions fork in the calling thread. The kernel ties "die with your parent" to the
// *thread* that forked, so all children are forked by one thread that never ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace turnstile::inline v0::testing {

class child_process {
public:
    /// `command[0]` is a path. Throws std::system_error when it cannot be executed.
    child_process(const std::vector<std::string>& command, const std::filesystem::path& log);
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    /// Kills it. In a fork of the process that made it: nothing.
    ~child_process();

    pid_t pid() const noexcept { return pid_; }
    bool running() const noexcept;
    /// Without effect once it has ended.
    void signal(int number) const noexcept;
    /// Stops it (SIGSTOP) and waits until all its threads stand still.
    void freeze() const noexcept;
    /// Waits for its end; false when it is still running then.
    bool ended_within(std::chrono::milliseconds patience) noexcept;

private:
    bool is_ours() const noexcept;

    pid_t pid_ = 0;
    int exit_ = -1;  ///< pidfd: readable when the process has ended
    pid_t parent_;
};

}  // namespace turnstile::inline v0::testing
