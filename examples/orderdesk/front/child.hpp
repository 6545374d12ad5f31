// A program of the desk as a child process. It ends with this object, and also when the front program crashes or is killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace orderdesk {

class child {
public:
    /// `out` gets stdout, `log` stderr.
    child(std::string name, const std::filesystem::path& program, const std::vector<std::string>& arguments,
          const std::filesystem::path& out, const std::filesystem::path& log);
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child();

    const std::string& name() const noexcept { return name_; }
    pid_t pid() const;
    bool running();
    /// Of one that is not running.
    int exit_code() const;

    void send(int signal);
    /// SIGTERM, and SIGKILL for who has not gone in time.
    void stop();

private:
    struct process;
    std::string name_;
    std::unique_ptr<process> process_;
};

}  // namespace orderdesk
