// A program of another language that does what it is told, line by line, over a connection of its own.
//
// A request is a line of words. Its answer is lines of a name and numbers, and ends with "done", or with "failed WHY".
#pragma once

#include "testing/child_process.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bench {

using answer = std::map<std::string, std::vector<double>>;

/// From the program's start to its end.
class told_process {
public:
    /// `command` gets three words more: the port on which it is awaited, `servers`, and a session's timeout in milliseconds.
    told_process(std::string name, std::vector<std::string> command, const std::string& servers);

    /// Throws std::runtime_error with what the program says when it fails, and when it falls silent.
    answer ask(const std::string& request);

    pid_t pid() const { return child_.pid(); }

private:
    /// What it writes to its standard output; removed at the end.
    class log_file {
    public:
        explicit log_file(const std::string& name);
        ~log_file();
        log_file(const log_file&) = delete;
        log_file& operator=(const log_file&) = delete;

        const std::filesystem::path& path() const { return path_; }
        std::string text() const;

    private:
        const std::filesystem::path path_;
    };

    boost::asio::ip::tcp::socket come_in();
    [[noreturn]] void fail(const std::string& what) const;

    const std::string name_;
    boost::asio::io_context loop_;
    boost::asio::ip::tcp::acceptor door_;
    const log_file log_;
    const turnstile::testing::child_process child_;
    boost::asio::ip::tcp::iostream stream_;
};

}  // namespace bench
