#include "slow_fsync.hpp"

#include <fstream>

// NOLINTNEXTLINE(hicpp-no-assembler): the language has no #embed yet
asm(".section .rodata\n"
    "turnstile_slow_fsync_begin:\n"
    ".incbin \"" TURNSTILE_SLOW_FSYNC
    "\"\n"
    "turnstile_slow_fsync_end:\n"
    ".previous\n");

extern "C" {
extern const char shim_begin[] __asm__("turnstile_slow_fsync_begin");  // NOLINT(*-c-arrays): a symbol
extern const char shim_end[] __asm__("turnstile_slow_fsync_end");      // NOLINT(*-c-arrays): a symbol
}

namespace turnstile::inline v0::testing {

void write_slow_fsync(const std::filesystem::path& where)
{
    std::ofstream out{where, std::ios::binary};
    out.write(shim_begin, shim_end - shim_begin);
    out.exceptions(std::ios::failbit);
    out.close();
}

}  // namespace turnstile::inline v0::testing
