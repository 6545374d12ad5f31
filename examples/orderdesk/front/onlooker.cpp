#include "onlooker.hpp"

#include "desk/resources.hpp"

#include <turnstile/error.hpp>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

turnstile::session_options options_of(const stage& st)
{
    turnstile::session_options options{st.zookeeper().servers()};
    options.root = st.root();
    options.label = "orderdesk";
    return options;
}

}  // namespace

onlooker::onlooker(const stage& st)
    : session_{options_of(st)},
      desk_{session_.wait(turnstile::lane::open(session_, {resource::order::definition()}, {}, 30s))}
{
}

onlooker::~onlooker() { session_.close(); }

std::vector<std::string> onlooker::line_of(order_id id) const
{
    std::vector<std::string> processes;
    for (const auto& c : session_.wait(desk_.inspect(resource::order::key(id))).line)
        processes.push_back(c.label);
    return processes;
}

std::string onlooker::intent_of(order_id id) const
{
    const auto intent = session_.wait(desk_.inspect(resource::order::key(id))).intent;
    return intent ? intent->intent : std::string{};
}

std::vector<std::string> onlooker::nodes_left() const
{
    std::vector<std::string> left;
    for (const auto& kind : children("/turnstile/lanes"))
        for (const auto& shard : children("/turnstile/lanes/" + kind))
            for (const auto& node : children("/turnstile/lanes/" + kind + "/" + shard))
                left.push_back("/turnstile/lanes/" + kind + "/" + shard + "/" + node);
    for (const auto& member : children("/turnstile/members"))
        left.push_back("/turnstile/members/" + member);
    return left;
}

std::vector<std::string> onlooker::children(const std::string& path) const
{
    try {
        return session_.wait(session_->children(path));
    } catch (const turnstile::error& e) {
        if (e.code() != turnstile::errc::no_node)
            throw;
        return {};
    }
}

}  // namespace orderdesk
