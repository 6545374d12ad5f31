#include "told_process.hpp"

#include "our_session.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

using boost::asio::ip::tcp;
namespace fs = std::filesystem;

constexpr std::chrono::seconds patience_to_start{30};
constexpr std::chrono::seconds patience_to_answer{300};

fs::path new_log(const std::string& name)
{
    static std::atomic<int> number{0};
    return fs::temp_directory_path() /
           ("turnstile-bench-" + name + '-' + std::to_string(::getpid()) + '-' + std::to_string(++number) + ".log");
}

std::vector<std::string> with(std::vector<std::string> command, unsigned port, const std::string& servers)
{
    command.insert(command.end(), {std::to_string(port), servers, std::to_string(session_timeout.count())});
    return command;
}

}  // namespace

told_process::log_file::log_file(const std::string& name) : path_{new_log(name)} {}

told_process::log_file::~log_file()
{
    std::error_code ignored;
    fs::remove(path_, ignored);
}

std::string told_process::log_file::text() const
{
    std::ostringstream text;
    text << std::ifstream{path_}.rdbuf();
    return text.str();
}

told_process::told_process(std::string name, std::vector<std::string> command, const std::string& servers)
    : name_{std::move(name)},
      door_{loop_, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}},
      log_{name_},
      child_{with(std::move(command), door_.local_endpoint().port(), servers), log_.path()},
      stream_{come_in()}
{
}

tcp::socket told_process::come_in()
{
    tcp::socket visitor{loop_};
    door_.async_accept(visitor, [](const boost::system::error_code&) {});
    loop_.run_for(patience_to_start);
    if (!visitor.is_open())
        fail("it does not start");
    visitor.set_option(tcp::no_delay{true});
    return visitor;
}

answer told_process::ask(const std::string& request)
{
    stream_.expires_after(patience_to_answer);
    stream_ << request << std::endl;
    answer said;
    for (std::string line; std::getline(stream_, line);) {
        std::istringstream words{line};
        std::string name;
        words >> name;
        if (name == "done")
            return said;
        if (name == "failed")
            fail(request + ": " + line);
        auto& values = said[name];
        for (double value = 0; words >> value;)
            values.push_back(value);
    }
    fail(request + ": no answer");
}

void told_process::fail(const std::string& what) const
{
    throw std::runtime_error{name_ + ": " + what + '\n' + log_.text()};
}

}  // namespace bench
