// Starts a server, tells its pid on stdout, and waits to be killed: the other half of the orphaned_server tests.
#include <turnstile/testing/server.hpp>

#include <unistd.h>

int main()
{
    const turnstile::testing::server zk;
    const pid_t pid = zk.pid();
    if (::write(STDOUT_FILENO, &pid, sizeof pid) != sizeof pid)
        return 1;
    for (;;)
        ::pause();
}
