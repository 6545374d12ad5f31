/* Loaded into the JVM of a ZooKeeper server under test (LD_PRELOAD): a disk whose writes take as long as a test wants.

   TURNSTILE_FSYNC_DELAY names a file with a number of milliseconds, read at each fsync, so that it can change while the
   server runs. TURNSTILE_FSYNC=0: nothing is really forced to the disk, which tests seldom need. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_as_ordered(void)
{
    const char* name = getenv("TURNSTILE_FSYNC_DELAY");
    char digits[16] = {0};
    const int order = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (order < 0)
        return;
    const ssize_t size = read(order, digits, sizeof digits - 1);
    close(order);
    const long milliseconds = size > 0 ? atol(digits) : 0;
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0) {}
}

static int force(const char* function, int file)
{
    const char* real = getenv("TURNSTILE_FSYNC");
    wait_as_ordered();
    if (real && *real == '0')
        return 0;
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, function);
    return next(file);
}

int fsync(int file) { return force("fsync", file); }
int fdatasync(int file) { return force("fdatasync", file); }
