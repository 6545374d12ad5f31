#include <turnstile/testing/temporary_directory.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace turnstile::inline v0::testing {

namespace fs = std::filesystem;

namespace {

fs::path make_directory(const std::string& name)
{
    auto path = (fs::temp_directory_path() / (name + "-XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr)
        throw std::system_error{errno, std::generic_category(), path};
    return path;
}

}  // namespace

temporary_directory::temporary_directory(const std::string& name) : owner_{::getpid()}, path_{make_directory(name)} {}

temporary_directory::~temporary_directory()
{
    std::error_code ignored;
    if (owner_ == ::getpid())
        fs::remove_all(path_, ignored);
}

}  // namespace turnstile::inline v0::testing
