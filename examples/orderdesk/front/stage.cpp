#include "stage.hpp"

#include "interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace orderdesk {

namespace {

constexpr std::chrono::milliseconds own_tick{200};

std::filesystem::path fresh(const std::filesystem::path& dir)
{
    std::filesystem::remove_all(dir);
    std::filesystem::create_directories(dir);
    return dir;
}

std::string contents(const std::filesystem::path& file)
{
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

ensemble::ensemble(const std::string& servers, bool durable) : servers_{servers}
{
    if (!servers_.empty())
        return;
    turnstile::testing::server_options options;
    options.tick = own_tick;
    options.fsync = durable;
    own_.emplace(options);
    servers_ = own_->connect_string();
}

std::chrono::milliseconds ensemble::tick(std::chrono::milliseconds session_timeout) const
{
    // A server grants no session of less than two ticks.
    return own_ ? own_tick : session_timeout / 2;
}

stage::stage(const ensemble& zookeeper, const order_databases& databases, const std::filesystem::path& dir)
    : zookeeper_{zookeeper},
      databases_{databases},
      dir_{fresh(dir)},
      orders_{databases.make_for(dir_)},
      // Of nobody else, also on an ensemble that others use for the same.
      root_{"/orderdesk/" + dir.filename().string() + "-" + std::to_string(::getpid()) + "-" + std::to_string(now_us())},
      log_{dir_ / "events.jsonl", "orderdesk"}
{
}

stage::~stage() { everybody_leaves(); }

child& stage::start(const std::string& program, const std::string& name, std::vector<std::string> arguments)
{
    arguments.insert(arguments.end(), {"--dir", dir_.string()});
    return *children_.emplace_back(
        std::make_unique<child>(name, programs_dir() / program, arguments, dir_ / (name + ".out"), dir_ / (name + ".log")));
}

child& stage::start_service(const std::string& program, const std::string& name, std::vector<std::string> arguments)
{
    arguments.insert(arguments.end(), {"--name", name});
    auto& started = start(program, name, std::move(arguments));
    wait_until(name + " serves", [&] {
        expect_alive(started);
        return std::filesystem::exists(dir_ / (name + ".port"));
    });
    return started;
}

std::vector<std::string> stage::guarded(const std::string& guard, std::chrono::milliseconds session_timeout,
                                        std::vector<std::string> arguments) const
{
    arguments.insert(arguments.end(), {"--guard", guard, "--orders", orders_, "--zookeeper", zookeeper_.servers(), "--root",
                                       root_, "--session-timeout", std::to_string(session_timeout.count())});
    return arguments;
}

child& stage::cast(const std::string& name)
{
    for (const auto& c : children_)
        if (c->name() == name)
            return *c;
    throw std::invalid_argument{"nobody here is called " + name};
}

port_number stage::port_of(const std::string& name) const
{
    return static_cast<port_number>(std::stoi(contents(dir_ / (name + ".port"))));
}

void stage::expect_alive(const child& who)
{
    for (const auto& c : children_)
        if (c.get() == &who && !c->running())
            throw std::runtime_error{who.name() + " ended: " + contents(dir_ / (who.name() + ".log"))};
}

void stage::everybody_leaves()
{
    for (const auto& c : children_)
        c->send(SIGTERM);  // all at once; then wait for each
    children_.clear();
}

void stage::close_the_books()
{
    everybody_leaves();
    databases_.bring_into_a_file(orders_, dir_);
}

std::filesystem::path programs_dir() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

}  // namespace orderdesk
