// A directory that goes with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace orderdesk {

class own_directory {
public:
    own_directory()
    {
        auto pattern = (std::filesystem::temp_directory_path() / "judge-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error{"no temporary directory"};
        path_ = pattern;
    }
    own_directory(const own_directory&) = delete;
    own_directory& operator=(const own_directory&) = delete;
    ~own_directory() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace orderdesk
