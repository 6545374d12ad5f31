#include "docker_ensemble.hpp"

#include "eventually.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

namespace turnstile::test {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t members = 3;
const std::string quorum = "turnstile-quorum";

std::string name_of(std::size_t member) { return "turnstile-zk" + std::to_string(member + 1); }

/// What `docker ARGUMENTS` prints.
std::string docker(const std::string& arguments)
{
    const auto command = "docker " + arguments + " 2>&1";
    std::string output;
    auto* pipe = ::popen(command.c_str(), "re");  // NOLINT(cert-env33-c): the words are ours
    if (pipe == nullptr)
        throw std::runtime_error{"no shell for: " + command};
    std::array<char, 4096> buffer{};
    while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe))
        output.append(buffer.data(), size);
    if (::pclose(pipe) != 0)
        throw std::runtime_error{command + ": " + output + "(is the ensemble up? make ensemble-up)"};
    return output.substr(0, output.find('\n'));
}

std::string told_of(std::size_t member, const std::string& what)
{
    return docker("inspect --format '{{" + what + "}}' " + name_of(member));
}

class three_containers final : public zookeeper_under_test {
public:
    three_containers()
    {
        for (std::size_t m = 0; m < members; ++m) {
            const auto published = docker("port " + name_of(m) + " 2181");
            ports_.at(m) = static_cast<std::uint16_t>(std::stoul(published.substr(published.rfind(':') + 1)));
            addresses_.at(m) = told_of(m, "(index .NetworkSettings.Networks \"" + quorum + "\").IPAddress");
        }
    }

    std::size_t size() const override { return members; }
    std::uint16_t port(std::size_t member) const override { return ports_.at(member); }

    void kill(std::size_t member) override
    {
        if (told_of(member, ".State.Running") == "true")
            docker("kill " + name_of(member));
    }

    void start(std::size_t member) override
    {
        docker("start " + name_of(member));
        if (up() > members / 2 && !isolated_.contains(member) && !eventually([&] { return serves(member); }, 60s))
            throw std::runtime_error{name_of(member) + " does not serve: " + docker("logs --tail 1 " + name_of(member))};
    }

    void pause(std::size_t member) override
    {
        if (told_of(member, ".State.Status") == "running")
            docker("pause " + name_of(member));
    }

    void resume(std::size_t member) override
    {
        if (told_of(member, ".State.Paused") == "true")
            docker("unpause " + name_of(member));
    }

    void wipe(std::size_t member) override
    {
        docker("run --rm --volumes-from " + name_of(member) + " --entrypoint rm turnstile-zookeeper -rf /data/tree");
    }

    void isolate(std::size_t member) override
    {
        if (isolated_.insert(member).second)
            docker("network disconnect " + quorum + " " + name_of(member));
    }

    /// With the address and the name that it had: the others, and its own sockets, know no other.
    void heal(std::size_t member) override
    {
        if (isolated_.erase(member) != 0)
            docker("network connect --ip " + addresses_.at(member) + " --alias peer" + std::to_string(member + 1) + " " +
                   quorum + " " + name_of(member));
    }

    void repair() override
    {
        for (std::size_t m = 0; m < members; ++m) {
            heal(m);
            resume(m);
        }
        start_all();
        for (std::size_t m = 0; m < members; ++m)
            if (!eventually([&] { return serves(m); }, 60s))
                throw std::runtime_error{name_of(m) + " does not serve"};
    }

private:
    std::size_t up() const
    {
        std::size_t count = 0;
        for (std::size_t m = 0; m < members; ++m)
            if (told_of(m, ".State.Status") == "running" && !isolated_.contains(m))
                ++count;
        return count;
    }

    std::array<std::uint16_t, members> ports_{};
    std::array<std::string, members> addresses_;
    std::set<std::size_t> isolated_;
};

}  // namespace

zookeeper_under_test& docker_ensemble()
{
    static three_containers the_one;
    return the_one;
}

}  // namespace turnstile::test
