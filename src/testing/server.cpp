#include <turnstile/testing/server.hpp>

#include "child_process.hpp"
#include "four_letter.hpp"
#include "free_port.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace turnstile::inline v0::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto answer_patience = 5s;
constexpr auto stop_patience = 5s;
constexpr auto look_interval = 10ms;

fs::path java()
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

std::string class_path(const std::string& given)
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

fs::path private_directory()
{
    auto name = (fs::temp_directory_path() / "turnstile-server-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::system_error{errno, std::generic_category(), name};
    return name;
}

/// "zk_watch_count\t12\n" -> 12. Fractions (averages) are cut.
std::optional<std::int64_t> value_of(std::string_view name, std::string_view report)
{
    while (!report.empty()) {
        const auto line = report.substr(0, report.find('\n'));
        report.remove_prefix(std::min(line.size() + 1, report.size()));
        const auto tab = line.find('\t');
        if (tab == line.npos || line.substr(0, tab) != name)
            continue;
        const auto number = line.substr(tab + 1);
        std::int64_t value = 0;
        if (std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc{})
            return std::nullopt;
        return value;
    }
    return std::nullopt;
}

}  // namespace

class server::impl {
public:
    explicit impl(server_options options) : options_{std::move(options)}, owner_{::getpid()}
    {
        class_path_ = class_path(options_.class_path);
        java_ = java();
        directory_ = private_directory();
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;
    ~impl()
    {
        if (owner_ != ::getpid())
            return;
        process_.reset();
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

    /// On a port that we choose somebody may have been faster: then on another one.
    void first_start()
    {
        if (options_.port != 0) {
            port_ = options_.port;
            return start();
        }
        for (int tries = 1;; ++tries) {
            port_ = free_port();
            try {
                return start();
            } catch (const std::runtime_error&) {
                if (tries == 5 || log_tail().find("BindException") == std::string::npos)
                    throw;
                fs::remove(log());
            }
        }
    }

    void start()
    {
        if (running())
            return;
        write_config();
        process_.emplace(command(), log());
        wait_until_it_serves();
    }

    void stop()
    {
        if (!process_)
            return;
        process_->signal(SIGTERM);
        process_->signal(SIGCONT);  // a paused process would sleep over its end
        process_->ended_within(stop_patience);
        process_.reset();
    }

    void kill() { process_.reset(); }

    void wipe()
    {
        if (running())
            throw std::logic_error{"testing::server::wipe: stop the server first"};
        fs::remove_all(data());
    }

    void pause() const
    {
        if (process_)
            process_->freeze();
    }

    void resume() const
    {
        if (process_)
            process_->signal(SIGCONT);
    }

    bool running() const { return process_ && process_->running(); }
    pid_t pid() const { return running() ? process_->pid() : 0; }
    std::uint16_t port() const noexcept { return port_; }

    std::string log_tail() const
    {
        constexpr std::streamoff much = 4000;
        std::ifstream in{log(), std::ios::binary};
        in.seekg(0, std::ios::end);
        const std::streamoff size = in.tellg();
        in.seekg(std::max<std::streamoff>(size - much, 0));
        std::ostringstream tail;
        tail << in.rdbuf();
        return tail.str();
    }

private:
    fs::path data() const { return directory_ / "data"; }
    fs::path log() const { return directory_ / "server.log"; }
    fs::path config() const { return directory_ / "zoo.cfg"; }

    void write_config() const
    {
        fs::create_directories(data());
        std::ofstream out{config()};
        out << "dataDir=" << data().string() << "\n"
            << "clientPortAddress=127.0.0.1\n"
            << "clientPort=" << port_ << "\n"
            << "tickTime=" << options_.tick.count() << "\n"
            << "forceSync=" << (options_.fsync ? "yes" : "no") << "\n"
            << "maxClientCnxns=0\n"
            << "admin.enableServer=false\n"
            << "4lw.commands.whitelist=*\n";
        for (const auto& line : options_.extra_config)
            out << line << "\n";
    }

    std::vector<std::string> command() const
    {
        std::vector<std::string> words{
            java_.string(),
            // Start fast and stay small: no optimising compiler, one collector thread, no shared files.
            "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx256m",
            "-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            "-Djava.net.preferIPv4Stack=true"};
        words.insert(words.end(), options_.java_options.begin(), options_.java_options.end());
        words.insert(words.end(),
                     {"-cp", class_path_, "org.apache.zookeeper.server.quorum.QuorumPeerMain", config().string()});
        return words;
    }

    void wait_until_it_serves()
    {
        const auto until = std::chrono::steady_clock::now() + options_.start_patience;
        while (!serves()) {
            if (process_->ended_within(look_interval))
                give_up("ended while starting");
            if (std::chrono::steady_clock::now() >= until)
                give_up("did not start within " + std::to_string(options_.start_patience.count()) + " s");
        }
    }

    /// A server that listens may still be reading its data; only one that says its mode serves.
    bool serves() const
    {
        const auto answer = four_letter_word(port_, "srvr", 1s);
        return answer && answer->find("Mode:") != std::string::npos;
    }

    [[noreturn]] void give_up(const std::string& what)
    {
        process_.reset();
        throw std::runtime_error{"the ZooKeeper server on port " + std::to_string(port_) + " " + what +
                                 ". The end of its log:\n" + log_tail()};
    }

    const server_options options_;
    const pid_t owner_;
    std::string class_path_;
    fs::path java_;
    fs::path directory_;
    std::uint16_t port_ = 0;
    std::optional<child_process> process_;
};

server::server(server_options options) : impl_{std::make_unique<impl>(std::move(options))} { impl_->first_start(); }

server::~server() = default;

std::string server::connect_string() const { return "127.0.0.1:" + std::to_string(port()); }

std::uint16_t server::port() const noexcept { return impl_->port(); }

pid_t server::pid() const { return impl_->pid(); }

void server::stop() { impl_->stop(); }

void server::start() { impl_->start(); }

void server::restart()
{
    stop();
    start();
}

void server::kill() { impl_->kill(); }

void server::wipe() { impl_->wipe(); }

void server::pause() { impl_->pause(); }

void server::resume() { impl_->resume(); }

std::string server::four_letter(std::string_view word) const
{
    if (auto answer = four_letter_word(port(), word, answer_patience))
        return *std::move(answer);
    throw std::runtime_error{"no answer to \"" + std::string{word} + "\" from the ZooKeeper server at " + connect_string()};
}

std::int64_t server::metric(std::string_view name) const
{
    if (const auto value = value_of(name, four_letter("mntr")))
        return *value;
    throw std::runtime_error{"the ZooKeeper server at " + connect_string() + " reports no number " + std::string{name}};
}

std::string server::log_tail() const { return impl_->log_tail(); }

}  // namespace turnstile::inline v0::testing
