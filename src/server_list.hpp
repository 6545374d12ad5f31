// "zk1,zk2:2182" as libzookeeper should get it.
#pragma once

#include <spdlog/fwd.h>

#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

/// An odd number of addresses: with an even one libzookeeper 3.8.0 skips every second server when it fails over. Without
/// duplicates otherwise, in the order given.
std::vector<std::string> odd_list(std::vector<std::string> addresses);

/// Resolves the names (blocks), so that libzookeeper never has to: it would do so on every turn of its loop, and miss its
/// pings while the name service is down. Empty when nothing could be resolved.
std::string numeric_server_list(std::string_view servers, spdlog::logger& log);

}  // namespace turnstile::inline v0::detail
