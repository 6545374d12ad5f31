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
    const auto has = [&](const char* text) { return name.find(text) != std::string::npos; };
    if (name.size() < digits || !(has("lock") || has("__READ__") || has("__WRIT__")))
        return std::nullopt;
    std::int64_t sequence = 0;
    const auto* end = name.data() + name.size();
    const auto [stop, failed] = std::from_chars(end - digits, end, sequence);
    if (failed != std::errc{} || stop != end)
        return std::nullopt;
    return sequence;
}

bool says_reader(const std::string& data) { return data.find("mode shared") != std::string::npos; }

std::uint32_t weight_of(const std::string& name)
{
    const auto star = name.find('*');
    return star == std::string::npos ? 1 : static_cast<std::uint32_t>(std::stoul(name.substr(star + 1)));
}

/// The places that an operation asks for, without the numbers that the server appends.
std::vector<std::string> places_asked_for(const operation& o)
{
    std::vector<std::string> paths;
    const auto add = [&](const op::create& c) {
        if (c.mode == create_mode::ephemeral_sequential)
            paths.push_back(c.path);
    };
    if (const auto* c = std::get_if<op::create>(&o))
        add(*c);
    if (const auto* m = std::get_if<op::multi>(&o))
        for (const auto& step : m->steps)
            if (const auto* c = std::get_if<op::create>(&step))
                add(*c);
    return paths;
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
        const auto asked = asked_in_.find(requested_path(l.path()));
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
        if (const auto sequence = sequence_of(name)) {
            const auto path = on_server(key + "/" + name);
            const bool reads =
                name.find("__READ__") != std::string::npos || marked_.contains(path) || says_reader(server_.data(path));
            const auto weight = weight_of(name);
            line.push_back({*sequence, std::move(name), reads, weight});
        }
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

void referee::granted(process_id p, const std::vector<claimed>& what, const lease& held)
{
    census_.count("grants");
    const auto paths = held.paths();
    if (std::all_of(paths.begin(), paths.end(), [this](const auto& path) { return stands(path); })) {
        for (std::size_t i = 0; i < what.size(); ++i) {
            check_standing(p, what[i], paths[i], held);
            check_token(p, what[i], held);
            check_others(p, what[i], held);
        }
        count_adoption(held);
    } else if (!held.held()) {
        census_.count("grants that came too late");
    } else if (!excused(held)) {
        object(fmt::format("p{} was granted {}, whose node is gone, and believes it", number(p), held.path()));
    }
    holdings_.emplace(&held, holding{p, what});
}

bool referee::excused(const lease& held) const
{
    const auto asked = asked_in_.find(requested_path(held.path()));
    return asked != asked_in_.end() && ended_from_outside_.contains(asked->second);
}

/// Without the number that the server appended.
std::string referee::requested_path(const std::string& path) const
{
    const auto whole = on_server(path);
    return whole.substr(0, whole.size() - digits);
}

bool referee::keeps_waiting(const place& ahead, const claimed& what) const { return !(ahead.shared && what.shared); }

/// Those that stand ahead and itself fit into the line.
void referee::check_standing(process_id p, const claimed& what, const std::string& path, const lease& held)
{
    const auto stat = server_.stat(on_server(path));
    const auto own = std::string{path_name(path)};
    std::uint64_t filled = what.weight;
    std::string ahead = "nobody";
    for (const auto& other : line_of(what.key)) {
        if (other.name == own)
            break;
        if (!keeps_waiting(other, what))
            continue;
        filled += other.weight;
        ahead = other.name;
    }
    if (filled > rules_[what.key].maximum)
        object(fmt::format("p{} was granted {} while {} stands ahead", number(p), path, ahead));
    if (const auto owner = owner_of(stat.ephemeral_owner); !owner || *owner != p)
        object(fmt::format("p{} was granted {}, the node of another", number(p), path));
    if (held.token() != stat.czxid)
        object(fmt::format("p{} was given token {} for {}, made at {}", number(p), held.token(), path, stat.czxid));
}

/// Tokens grow from holder to holder; those who hold together may hear of it in any order.
void referee::check_token(process_id p, const claimed& what, const lease& held)
{
    if (rules_[what.key].what == line_rule::kind::permits)
        return;
    auto& newest = newest_token_[what.key];
    auto& writer = newest_writer_[what.key];
    const auto before = what.shared ? writer : newest;
    if (what.handed_on && held.token() == before)
        census_.count("handed on inside a process");
    else if (held.token() <= before)
        object(fmt::format("p{} was given token {} on {} after {}", number(p), held.token(), what.key, before));
    newest = std::max(newest, held.token());
    if (!what.shared)
        writer = std::max(writer, held.token());
}

/// Those who believe now, with this one, fit into the line.
void referee::check_others(process_id p, const claimed& what, const lease& held)
{
    std::uint64_t filled = what.weight;
    std::string others;
    for (const auto& [other, about] : holdings_)
        for (std::size_t i = 0; i < about.what.size(); ++i) {
            const auto& theirs = about.what[i];
            if (theirs.key != what.key || (theirs.shared && what.shared))
                continue;
            const auto path = other->paths().empty() ? std::string{} : other->paths()[i];
            const bool standing = !path.empty() && stands(path);
            if (!standing && (!other->held() || excused(*other)))
                continue;
            filled += theirs.weight;
            others += fmt::format(" p{} {} {}", number(about.p), standing ? "holds" : "still believes in", path);
        }
    if (filled > rules_[what.key].maximum)
        object(fmt::format("p{} was granted {} while{}", number(p), held.path(), others));
}

void referee::downgraded(const lease& held)
{
    const auto about = holdings_.find(&held);
    if (about != holdings_.end())
        about->second.what.front().shared = true;
}

void referee::count_adoption(const lease& held)
{
    const auto found = doubts_.find(requested_path(held.path()));
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
    for (auto& path : places_asked_for(o))
        asked_in_.emplace(std::move(path), session);
}

void referee::answered(process_id p, const operation& o, const outcome& answer)
{
    // The nemesis may have wiped it off since.
    if (answer.ok() && std::holds_alternative<op::get>(o) && says_reader(answer.data))
        marked_.emplace(path_of(o));
    if (answer.ok() && std::holds_alternative<op::children>(o))
        count_absences(p, std::string{path_of(o)}, answer.children);
    if (!in_doubt(answer.ec))
        return;
    if (std::holds_alternative<op::erase>(o))
        census_.count("doubtful deletes");
    for (const auto& path : places_asked_for(o))
        doubted(p, path);
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
