#include "stage.hpp"

#include "dice.hpp"

#include <support/occupied.hpp>

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <utility>

namespace turnstile::chaos {

namespace {

constexpr auto host_name = "zookeeper.turnstile.test";

std::string joined(const std::vector<std::string>& words)
{
    std::string all;
    for (const auto& w : words)
        all += (all.empty() ? "" : ",") + w;
    return all;
}

session_options outsiders(const testing::ensemble& zk)
{
    session_options o{zk.connect_string()};
    o.session_timeout = std::chrono::seconds{2};
    return o;
}

}  // namespace

client_seat::client_seat(const stage_options& options, const testing::ensemble& zk, std::size_t number, bool by_name)
    : options_{options}, direct_{zk.connect_string()}, number_{number}, by_name_{by_name}
{
    for (std::size_t member = 0; member < zk.size(); ++member)
        network_.push_back(std::make_unique<testing::proxy>(zk.connect_string(member)));
    if (by_name_)
        give_names_back();
}

void client_seat::start()
{
    name_ = "c" + std::to_string(number_) + "." + std::to_string(++incarnation_);
    process_ = std::make_unique<testing::child_process>(command(), options_.directory / (name_ + ".log"));
}

std::vector<std::string> client_seat::command() const
{
    std::vector<std::string> words{"/usr/bin/env"};
    if (by_name_)
        words.insert(words.end(), {"LD_PRELOAD=" + options_.names.string(), "NSS_WRAPPER_HOSTS=" + hosts().string()});
    // What a thread frees and keeps for itself would count as allocated: 100 KiB more the older a connection's threads are.
    if (veteran())
        words.emplace_back("GLIBC_TUNABLES=glibc.malloc.tcache_count=0");
    // Every second client makes one call at a time: then it is known whose create a fault has hit.
    const int callers = number_ % 2 == 0 ? options_.callers : 1;
    words.insert(words.end(), {options_.worker.string(), "--name", name_, "--servers", servers(), "--direct", direct_});
    words.insert(words.end(), {"--history", (options_.directory / "history.jsonl").string()});
    words.insert(words.end(), {"--resource", stage::socket().string()});
    words.insert(words.end(), {"--seed", std::to_string(options_.seed), "--callers", std::to_string(callers)});
    words.insert(words.end(), {"--keys", joined(stage::keys(options_.keys))});
    words.insert(words.end(), {"--session-timeout", std::to_string(options_.session_timeout.count())});
    if (veteran())
        words.insert(words.end(), {"--heap", heap().string()});
    return words;
}

std::string client_seat::servers() const
{
    std::vector<std::string> addresses;
    for (const auto& p : network_)
        addresses.push_back(by_name_ ? host_name + (":" + std::to_string(p->port())) : p->connect_string());
    return joined(addresses);
}

footprint client_seat::occupied() const
{
    const auto pid = std::to_string(process_->pid());
    footprint f;
    f.resident = test::resident_bytes(pid);
    f.descriptors = test::count_in_proc("fd", pid);
    std::ifstream{heap()} >> f.heap;
    return f;
}

std::filesystem::path client_seat::hosts() const { return options_.directory / ("hosts-" + std::to_string(number_)); }
void client_seat::take_names_away() const { resolve_only("nobody.turnstile.test"); }
void client_seat::give_names_back() const { resolve_only(host_name); }

void client_seat::resolve_only(const std::string& name) const
{
    // A new file, renamed into its place: the wrapper looks at whole seconds of the time of a file's change, and does not
    // notice the second of two changes within one.
    const auto draft = options_.directory / "hosts.new";
    std::ofstream{draft} << "127.0.0.1 " << name << '\n';
    std::filesystem::rename(draft, hosts());
}

testing::ensemble_options stage::servers_of(const stage_options&)
{
    testing::ensemble_options o;
    // Acknowledged means on the disk: that is what a slow one slows.
    o.member.fsync = true;
    // Empty directories of locks are removed while somebody goes to use them.
    o.member.java_options = {"-Dznode.container.checkIntervalMs=500", "-Xmx192m"};
    return o;
}

stage::stage(stage_options options)
    : options_{std::move(options)},
      log_{history(), "nemesis"},
      servers_{servers_of(options_)},
      resource_{socket(), log_},
      outsider_{outsiders(servers_)}
{
    for (std::size_t i = 0; i < options_.clients; ++i) {
        const bool by_name = !options_.names.empty() && i == 0;
        clients_.push_back(std::make_unique<client_seat>(options_, servers_, i, by_name));
        clients_.back()->start();
    }
}

std::filesystem::path stage::socket()
{
    // Not in the run's directory: a socket's name has at most 107 bytes.
    return std::filesystem::temp_directory_path() / ("turnstile-chaos-" + std::to_string(::getpid()));
}

client_seat* stage::client_named(const std::string& process)
{
    for (const auto& c : clients_)
        if (c->name() == process)
            return c.get();
    return nullptr;
}

void stage::bury(client_seat& victim)
{
    victim.process().signal(SIGKILL);
    victim.process().ended_within(std::chrono::seconds{5});
    testing::history_event e{testing::history_event_type::killed};
    e.victim = victim.name();
    log_.append(e);
}

void stage::abandon()
{
    for (auto& c : clients_)
        bury(*c);
}

std::vector<std::string> stage::keys(std::size_t n)
{
    std::vector<std::string> names;
    for (std::size_t i = 0; i < n; ++i)
        names.push_back("key" + std::to_string(i));
    return names;
}

}  // namespace turnstile::chaos
