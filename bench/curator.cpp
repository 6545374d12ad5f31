#include "curator.hpp"

#include "our_session.hpp"
#include "testing/child_process.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

using boost::asio::ip::tcp;
namespace fs = std::filesystem;

constexpr std::chrono::seconds patience_to_start{30};
constexpr std::chrono::seconds patience_to_answer{300};

std::string everything_in(const fs::path& file)
{
    std::ostringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

/// Where the JVM writes; removed at the end.
class log_file {
public:
    log_file() : path_{fs::temp_directory_path() / ("turnstile-bench-curator-" + std::to_string(::getpid()) + ".log")} {}
    log_file(const log_file&) = delete;
    log_file& operator=(const log_file&) = delete;
    ~log_file()
    {
        std::error_code ignored;
        fs::remove(path_, ignored);
    }

    const fs::path& path() const { return path_; }

private:
    const fs::path path_;
};

}  // namespace

/// The JVM, from its start to its end.
class curator::process {
public:
    explicit process(const std::string& servers)
        : door_{loop_, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}},
          java_{{BENCH_JAVA, "-cp", BENCH_CURATOR_CLASS_PATH, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                 "turnstile.bench.Peer", std::to_string(door_.local_endpoint().port()), servers,
                 std::to_string(session_timeout.count())},
                log_.path()},
          stream_{come_in()}
    {
    }

    answer ask(const std::string& request)
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

    pid_t pid() const { return java_.pid(); }

private:
    tcp::socket come_in()
    {
        tcp::socket visitor{loop_};
        door_.async_accept(visitor, [](const boost::system::error_code&) {});
        loop_.run_for(patience_to_start);
        if (!visitor.is_open())
            fail("it does not start");
        visitor.set_option(tcp::no_delay{true});
        return visitor;
    }

    [[noreturn]] void fail(const std::string& what) const
    {
        throw std::runtime_error{"Curator: " + what + '\n' + everything_in(log_.path())};
    }

    boost::asio::io_context loop_;
    tcp::acceptor door_;
    const log_file log_;
    const turnstile::testing::child_process java_;
    tcp::iostream stream_;
};

curator::curator() = default;
curator::~curator() = default;

std::string curator::missing() { return BENCH_CURATOR_MISSING; }

peer curator::beside(std::shared_ptr<curator> who, std::function<reading(curator&, const arena&)> go)
{
    peer p{"Curator", "Curator", "curator", {}, true};
    if (missing().empty())
        p.go = [who = std::move(who), go = std::move(go)](const arena& a) { return go(*who, a); };
    return p;
}

curator::answer curator::ask(const arena& where, const std::string& request)
{
    if (!process_)
        process_ = std::make_unique<process>(where.servers);
    return process_->ask(request);
}

meter_of_another curator::meter(const arena& where) const { return {where.servers, process_->pid()}; }

}  // namespace bench
