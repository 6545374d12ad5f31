#include "referee.hpp"

#include <turnstile/path.hpp>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>

namespace turnstile::simulation {

namespace {

constexpr std::size_t digits = 10;

std::size_t number(process_id p) { return static_cast<std::size_t>(p); }

/// An own reading of the names: the recipe's may be what is wrong.
std::optional<std::int64_t> sequence_of(const std::string& name)
{
    if (name.size() < digits || name.find("lock") == std::string::npos)
        return std::nullopt;
    std::int64_t sequence = 0;
    const auto* end = name.data() + name.size();
    const auto [stop, failed] = std::from_chars(end - digits, end, sequence);
    if (failed != std::errc{} || stop != end)
        return std::nullopt;
    return sequence;
}

bool sequential_ephemeral(const operation& o)
{
    const auto* c = std::get_if<op::create>(&o);
    return c && c->mode == create_mode::ephemeral_sequential;
}

}  // namespace

referee::referee(scheduler& s, testing::memory_server& server, census& c, std::string root)
    : scheduler_{s}, server_{server}, census_{c}, root_{std::move(root)}
{
}

void referee::object(const std::string& what)
{
    scheduler_.note("VIOLATION: " + what);
    if (violation_.empty())
        violation_ = what;
}

std::optional<process_id> referee::owner_of(std::int64_t session) const
{
    const auto found = owners_.find(session);
    return found == owners_.end() ? std::nullopt : std::optional{found->second};
}

void referee::about_to_expire(std::int64_t session)
{
    const auto in_it = [&](const lease& l) {
        const auto asked = asked_in_.find(requested_path(l));
        return asked != asked_in_.end() && asked->second == session && stands(l.path());
    };
    const auto held = static_cast<std::size_t>(
        std::count_if(holdings_.begin(), holdings_.end(), [&](const auto& h) { return in_it(*h.first); }));
    std::size_t places = 0;
    for (const auto& [path, in] : asked_in_)
        if (const auto directory = std::string{parent_path(path)}; in == session && server_.exists(directory))
            for (const auto& name : server_.children(directory))
                places += join_path(directory, name).starts_with(path) ? 1 : 0;
    if (held != 0)
        census_.count("expiries of holders");
    if (places > held)
        census_.count("expiries of waiters");
}

std::vector<referee::place> referee::line_of(const std::string& key) const
{
    std::vector<place> line;
    if (!server_.exists(on_server(key)))
        return line;
    for (auto& name : server_.children(on_server(key)))
        if (const auto sequence = sequence_of(name))
            line.push_back({*sequence, std::move(name)});
    std::sort(line.begin(), line.end(), [](const place& a, const place& b) { return a.sequence < b.sequence; });
    return line;
}

bool referee::is_first(process_id p, const std::string& key) const
{
    const auto line = line_of(key);
    if (line.empty())
        return false;
    const auto owner = owner_of(server_.stat(on_server(key + "/" + line.front().name)).ephemeral_owner);
    return owner && *owner == p;
}

// ---- Grants

void referee::granted(process_id p, const std::string& key, const lease& held)
{
    census_.count("grants");
    if (stands(held.path())) {
        check_standing(p, key, held);
        check_others(p, key, held);
        count_adoption(held);
    } else if (!held.held()) {
        census_.count("grants that came too late");
    } else if (!excused(held)) {
        object(fmt::format("p{} was granted {}, whose node is gone, and believes it", number(p), held.path()));
    }
    holdings_.emplace(&held, holding{p, key});
}

bool referee::excused(const lease& held) const
{
    const auto asked = asked_in_.find(requested_path(held));
    return asked != asked_in_.end() && ended_from_outside_.contains(asked->second);
}

/// Without the number that the server appended.
std::string referee::requested_path(const lease& held) const
{
    const auto path = on_server(held.path());
    return path.substr(0, path.size() - digits);
}

void referee::check_standing(process_id p, const std::string& key, const lease& held)
{
    const auto stat = server_.stat(on_server(held.path()));
    const auto line = line_of(key);
    const auto own = std::string{path_name(held.path())};
    if (line.empty() || line.front().name != own)
        object(fmt::format("p{} was granted {} while {} stands ahead", number(p), held.path(),
                           line.empty() ? "nobody" : line.front().name));
    if (const auto owner = owner_of(stat.ephemeral_owner); !owner || *owner != p)
        object(fmt::format("p{} was granted {}, the node of another", number(p), held.path()));
    if (held.token() != stat.czxid)
        object(fmt::format("p{} was given token {} for {}, made at {}", number(p), held.token(), held.path(), stat.czxid));
    auto& newest = newest_token_[key];
    if (held.token() <= newest)
        object(fmt::format("p{} was given token {} on {} after {}", number(p), held.token(), key, newest));
    newest = std::max(newest, held.token());
}

/// Nobody else may believe now.
void referee::check_others(process_id p, const std::string& key, const lease& held)
{
    for (const auto& [other, about] : holdings_) {
        if (about.key != key)
            continue;
        if (stands(other->path()))
            object(fmt::format("p{} was granted {} while p{} holds {}", number(p), held.path(), number(about.p),
                               other->path()));
        else if (other->held() && !excused(*other))
            object(fmt::format("p{} was granted {} while p{} still believes in {}", number(p), held.path(), number(about.p),
                               other->path()));
    }
}

void referee::count_adoption(const lease& held)
{
    const auto found = doubts_.find(requested_path(held));
    if (found != doubts_.end())
        census_.count(found->second.was_there ? "doubtful creates adopted" : "doubtful creates adopted that came late");
}

void referee::left(const lease& held) { holdings_.erase(&held); }

void referee::write(process_id p, const std::string& key, const lease& held, bool asked_first)
{
    const bool believes = asked_first && held.held();
    if (asked_first && !believes)
        return;
    auto& fence = fence_[key];
    if (held.token() >= fence) {
        fence = held.token();
        census_.count("writes accepted");
        return;
    }
    census_.count("zombies fenced off");
    if (believes && !excused(held))
        object(fmt::format("p{} asked its lease {}, and was fenced off all the same", number(p), held.path()));
}

// ---- What passes on the wires

void referee::connected(process_id p, std::int64_t session) { owners_.emplace(session, p); }

void referee::submitted(std::int64_t session, const operation& o)
{
    census_.count(verb_of(o));
    if (sequential_ephemeral(o))
        asked_in_.emplace(path_of(o), session);
}

void referee::answered(process_id p, const operation& o, const outcome& answer)
{
    if (answer.ok() && std::holds_alternative<op::children>(o))
        count_absences(p, std::string{path_of(o)}, answer.children);
    if (!in_doubt(answer.ec))
        return;
    if (std::holds_alternative<op::erase>(o))
        census_.count("doubtful deletes");
    if (sequential_ephemeral(o))
        doubted(p, std::string{path_of(o)});
}

void referee::doubted(process_id p, const std::string& path)
{
    const auto directory = std::string{parent_path(path)};
    doubt d{p, false};
    if (server_.exists(directory))
        for (const auto& name : server_.children(directory))
            d.was_there = d.was_there || join_path(directory, name).starts_with(path);
    census_.count(d.was_there ? "doubtful creates, done" : "doubtful creates, not done yet");
    doubts_.emplace(path, d);
}

/// Whoever was in doubt has looked.
void referee::count_absences(process_id p, const std::string& directory, const std::vector<std::string>& names)
{
    for (auto& [path, d] : doubts_) {
        if (d.resolved || d.p != p || parent_path(path) != directory)
            continue;
        d.resolved = true;
        const auto name = path_name(path);
        if (std::none_of(names.begin(), names.end(), [&](const std::string& n) { return n.starts_with(name); }))
            census_.count("doubtful creates that never were");
    }
}

// ---- The end

void referee::check_nothing_is_left(const std::vector<std::string>& keys)
{
    for (const auto& key : keys)
        for (const auto& p : line_of(key))
            object(fmt::format(
                "{}/{} is left, of p{}", key, p.name,
                number(owner_of(server_.stat(on_server(key + "/" + p.name)).ephemeral_owner).value_or(process_id::world))));
    if (const auto watches = server_.watch_count(); watches != 0)
        object(fmt::format("{} watches are left", watches));
}

}  // namespace turnstile::simulation
