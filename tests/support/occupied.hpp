// What a process occupies: this one, or another by its number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include <malloc.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// <sanitizer/allocator_interface.h> does not come with every g++.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // NOLINT(bugprone-reserved-identifier)
#endif

namespace turnstile::test {

/// Of this process: allocated, and not freed.
inline std::int64_t heap_bytes()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return static_cast<std::int64_t>(__sanitizer_get_current_allocated_bytes());
#else
    const auto all = ::mallinfo2();
    return static_cast<std::int64_t>(all.uordblks + all.hblkhd);
#endif
}

/// The entries of a directory of /proc/PROCESS: "fd", "task". None when there is no such process.
inline std::int64_t count_in_proc(const char* what, const std::string& process = "self")
{
    std::error_code none;
    const std::filesystem::directory_iterator all{std::filesystem::path{"/proc"} / process / what, none};
    return std::distance(begin(all), end(all));
}

/// Its pages that are in memory. None when there is no such process.
inline std::int64_t resident_bytes(const std::string& process = "self")
{
    std::int64_t in_all = 0;
    std::int64_t resident = 0;
    std::ifstream{std::filesystem::path{"/proc"} / process / "statm"} >> in_all >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace turnstile::test
