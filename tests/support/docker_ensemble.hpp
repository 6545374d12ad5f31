// The three containers of docker/compose.yaml, through the `docker` command.
#pragma once

#include "zookeeper_under_test.hpp"

namespace turnstile::test {

/// Throws std::runtime_error when it is not up.
zookeeper_under_test& docker_ensemble();

}  // namespace turnstile::test
