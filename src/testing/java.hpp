// Where a Java runtime and ZooKeeper's classes are on this machine. Not finding them is an error that names the Debian
// package.
#pragma once

#include <filesystem>
#include <string>

namespace turnstile::inline v0::testing {

/// In $JAVA_HOME/bin or $PATH. Throws std::runtime_error.
std::filesystem::path find_java();

/// What was given, or Debian's jars when that is empty. Throws std::runtime_error.
std::string zookeeper_class_path(const std::string& given);

}  // namespace turnstile::inline v0::testing
