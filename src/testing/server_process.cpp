#include "server_process.hpp"

#include "four_letter.hpp"
#include "java.hpp"
#include "slow_fsync.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
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

}  // namespace

server_process::server_process(server_options options, server_place place)
    : options_{std::move(options)},
      place_{std::move(place)},
      class_path_{zookeeper_class_path(options_.class_path)},
      java_{find_java()}
{
    write_slow_fsync(shim());
    delay_fsync(0ms);
}

server_process::~server_process() = default;

void server_process::launch()
{
    if (running())
        return;
    write_config();
    paused_ = false;
    process_.emplace(command(), log());
}

void server_process::wait_until_it_serves()
{
    const auto until = std::chrono::steady_clock::now() + options_.start_patience;
    while (!serves()) {
        if (process_->ended_within(look_interval))
            give_up("ended while starting");
        if (std::chrono::steady_clock::now() >= until)
            give_up("did not start within " + std::to_string(options_.start_patience.count()) + " s");
    }
}

void server_process::ask_to_stop() const
{
    if (!process_)
        return;
    process_->signal(SIGTERM);
    process_->signal(SIGCONT);  // a paused process would sleep over its end
}

void server_process::stop()
{
    ask_to_stop();
    if (process_)
        process_->ended_within(stop_patience);
    process_.reset();
}

void server_process::wipe() const
{
    if (running())
        throw std::logic_error{"a ZooKeeper server that runs cannot be wiped: stop it first"};
    fs::remove_all(data());
}

void server_process::pause()
{
    if (!process_)
        return;
    process_->freeze();
    paused_ = true;
}

void server_process::resume()
{
    if (process_)
        process_->signal(SIGCONT);
    paused_ = false;
}

void server_process::delay_fsync(std::chrono::milliseconds by) const
{
    // Renamed into its place: no reader meets half a number.
    const auto draft = directory_.path() / "fsync-delay.new";
    std::ofstream{draft} << by.count() << "\n";
    fs::rename(draft, delay());
}

bool server_process::serves() const
{
    const auto answer = four_letter_word(port(), "srvr", 1s);
    return answer && answer->find("Mode:") != std::string::npos;
}

std::string server_process::four_letter(std::string_view word) const
{
    if (auto answer = four_letter_word(port(), word, answer_patience))
        return *std::move(answer);
    throw std::runtime_error{"no answer to \"" + std::string{word} + "\" from the ZooKeeper server at " + connect_string()};
}

std::int64_t server_process::metric(std::string_view name) const
{
    if (const auto value = number_in(four_letter("mntr"), name))
        return *value;
    throw std::runtime_error{"the ZooKeeper server at " + connect_string() + " reports no number " + std::string{name}};
}

std::string server_process::log_tail() const
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

bool server_process::found_its_port_taken() const { return log_tail().find("BindException") != std::string::npos; }

void server_process::give_up(const std::string& what)
{
    process_.reset();
    throw std::runtime_error{"the ZooKeeper server on port " + std::to_string(port()) + " " + what +
                             ". The end of its log:\n" + log_tail()};
}

void server_process::write_config() const
{
    fs::create_directories(data());
    if (place_.id != 0)
        std::ofstream{data() / "myid"} << place_.id << "\n";
    std::ofstream out{config()};
    out << "dataDir=" << data().string() << "\n"
        << "clientPortAddress=127.0.0.1\n"
        << "clientPort=" << port() << "\n"
        << "tickTime=" << options_.tick.count() << "\n"
        << "maxClientCnxns=0\n"
        << "admin.enableServer=false\n"
        << "4lw.commands.whitelist=*\n";
    for (const auto& line : place_.config)
        out << line << "\n";
    for (const auto& line : options_.extra_config)
        out << line << "\n";
}

std::vector<std::string> server_process::command() const
{
    // ZooKeeper is always told to force its writes to the disk; whether they are, and how slowly, is the shim's.
    std::vector<std::string> words{"/usr/bin/env", "LD_PRELOAD=" + shim().string(),
                                   "TURNSTILE_FSYNC_DELAY=" + delay().string(),
                                   std::string{"TURNSTILE_FSYNC="} + (options_.fsync ? "1" : "0")};
    words.push_back(java_.string());
    // Start fast and stay small: no optimising compiler, one collector thread, no shared files.
    words.insert(words.end(), {"-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx256m",
                               "-Dorg.slf4j.simpleLogger.showDateTime=true",
                               "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS", "-Djava.net.preferIPv4Stack=true",
                               // A server that has waited long for others asks again soon: they come back within a test.
                               "-Dzookeeper.fastleader.maxNotificationInterval=500"});
    words.insert(words.end(), options_.java_options.begin(), options_.java_options.end());
    words.insert(words.end(), {"-cp", class_path_, "org.apache.zookeeper.server.quorum.QuorumPeerMain", config().string()});
    return words;
}

}  // namespace turnstile::inline v0::testing
