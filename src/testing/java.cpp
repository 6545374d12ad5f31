#include "java.hpp"

#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace turnstile::inline v0::testing {

namespace fs = std::filesystem;

fs::path find_java()
{
    if (const char* home = std::getenv("JAVA_HOME"); home != nullptr && fs::exists(fs::path{home} / "bin/java"))
        return fs::path{home} / "bin/java";
    const char* path = std::getenv("PATH");
    std::istringstream directories{path != nullptr ? path : "/usr/bin"};
    for (std::string directory; std::getline(directories, directory, ':');) {
        if (auto candidate = fs::path{directory} / "java"; ::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    throw std::runtime_error{
        "a ZooKeeper server needs java, in $JAVA_HOME/bin or $PATH.\n"
        "On Debian: apt-get install --no-install-recommends openjdk-17-jre-headless"};
}

std::string zookeeper_class_path(const std::string& given)
{
    if (!given.empty())
        return given;
    // The manifest of Debian's jar names all that it needs but a logger.
    const fs::path jar = "/usr/share/java/zookeeper.jar";
    if (!fs::exists(jar))
        throw std::runtime_error{"a ZooKeeper server needs " + jar.string() +
                                 " (or server_options::class_path).\n"
                                 "On Debian: apt-get install --no-install-recommends libzookeeper-java"};
    return jar.string() + ":/usr/share/java/slf4j-simple.jar";
}

}  // namespace turnstile::inline v0::testing
