#include <turnstile/testing/proxy.hpp>

// Nothing listens on port 1, and nobody connects: only that it links and runs.
static const turnstile::testing::proxy net{"127.0.0.1:1"};
