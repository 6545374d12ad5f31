#include <turnstile/error.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/session.hpp>

int main()
{
    const auto me = turnstile::owner_id::this_thread();
    const bool right = turnstile::in_doubt(turnstile::errc::connection_loss) && me == turnstile::owner_id::this_thread();
    return right ? 0 : 1;
}
