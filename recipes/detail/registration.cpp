#include "registration.hpp"

#include <turnstile/path.hpp>

#include "record_text.hpp"
#include "retry.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

namespace turnstile::inline v0::detail {

using boost::asio::awaitable;

namespace {

std::string to_text(const terms& lines)
{
    std::string text{record_heading};
    for (const auto& [key, value] : lines)
        append_record_line(text, key, value);
    return text;
}

std::string fields_of(const kind_definition& kind)
{
    std::string all;
    for (const auto& f : kind.fields)
        all.append(all.empty() ? "" : ",").append(f);
    return all;
}

/// For people: a record in a line.
std::string in_a_line(std::string_view record)
{
    std::string line;
    for_each_record_line(record, [&](std::string_view key, std::string_view value) {
        line.append(line.empty() ? "" : ", ").append(key).append(" ").append(value);
    });
    return line.empty() ? "something that is no record of ours" : line;
}

/// One of the two nodes that say what was agreed on.
struct agreement {
    std::string path;
    std::string text;
};

[[noreturn]] void differ(const registration& what, const agreement& ours, const outcome& theirs)
{
    throw error{errc::kind_mismatch, what.recipe, ours.path,
                "registered: " + in_a_line(theirs.data) + "; here: " + in_a_line(ours.text)};
}

/// Whether what is registered may be written over: nodes lie where they lie.
bool may_replace(const registration& what, const agreement& ours, const outcome& theirs)
{
    if (!what.replaces || ours.path != what.directory())
        return false;
    std::map<std::string, std::string, std::less<>> registered;
    for_each_record_line(theirs.data,
                         [&](std::string_view key, std::string_view value) { registered[std::string{key}] = value; });
    return std::all_of(what.policy.begin(), what.policy.begin() + static_cast<std::ptrdiff_t>(what.fixed),
                       [&](const auto& term) { return registered[term.first] == term.second; });
}

error_code worst_of(const std::vector<outcome>& answers)
{
    for (const auto& a : answers)
        if (a.ec && a.ec != errc::node_exists)
            return a.ec;
    return {};
}

/// Made where they are missing, in their order.
pipeline agree(const registration& what, const std::vector<agreement>& all)
{
    pipeline p;
    for (auto& above : path_prefixes(what.base))
        p.add(op::create{std::move(above)});
    p.add(op::create{what.base + "/kinds"}).add(op::create{what.base + "/" + what.purpose});
    for (const auto& a : all)
        p.add(op::create{a.path, a.text});
    return p;
}

pipeline look(const std::vector<agreement>& all)
{
    pipeline p;
    for (const auto& a : all)
        p.add(op::get{a.path});
    return p;
}

/// The recipe's own comes last. What is no kind of resource, but only has a name, has no fields.
std::vector<agreement> agreements_of(const registration& what)
{
    std::vector<agreement> all;
    if (!what.kind.fields.empty())
        all.push_back({what.base + "/kinds/" + what.kind.name, to_text({{"fields", fields_of(what.kind)}})});
    all.push_back({what.directory(), to_text(what.policy)});
    return all;
}

pipeline shards_of(const registration& what)
{
    pipeline p;
    for (std::uint32_t n = 0; n < what.shards; ++n)
        p.add(op::create{join_path(what.directory(), name_of_shard(n))});
    return p;
}

}  // namespace

awaitable<void> enrol(session s, registration what, deadline until)
{
    const auto agreements = agreements_of(what);
    if (until.is_never())
        until = deadline{s.options().operation_timeout};
    // Everything here may be done twice without harm, so that a doubt is no more than a reason to begin again.
    while (true) {
        auto question = look(agreements);
        const auto found = co_await s.run(std::move(question), until);
        bool all_there = true;
        error_code ec;
        pipeline replacements;
        for (std::size_t i = 0; i < agreements.size(); ++i) {
            const bool differs = found[i].ok() && found[i].data != agreements[i].text;
            if (differs && !may_replace(what, agreements[i], found[i]))
                differ(what, agreements[i], found[i]);
            if (differs)
                replacements.add(op::set{agreements[i].path, agreements[i].text, found[i].stat.version});
            if (found[i].ec && found[i].ec != errc::no_node)
                ec = found[i].ec;
            all_there = all_there && found[i].ok();
        }
        if (!replacements.empty()) {
            co_await s.run(std::move(replacements), until);  // and look what came of it
            continue;
        }
        if (all_there && found.back().stat.num_children >= static_cast<std::int32_t>(what.shards))
            co_return;
        if (!ec) {
            auto missing = all_there ? shards_of(what) : agree(what, agreements);
            const auto made = co_await s.run(std::move(missing), until);
            ec = worst_of(made);
        }
        if (ec && (!worth_another_try(ec, until) || until.passed()))
            throw error{ec == errc::deadline_exceeded ? errc::timed_out : ec, what.recipe, what.directory()};
    }
}

std::string name_of_shard(std::uint32_t n)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    return {digits[n >> 8U & 0xfU], digits[n >> 4U & 0xfU], digits[n & 0xfU]};
}

/// FNV-1a, 64 bits.
std::string shard_of(std::string_view key, std::uint32_t shards)
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const unsigned char c : key)
        hash = (hash ^ c) * 0x100000001b3U;
    return name_of_shard(static_cast<std::uint32_t>(hash % shards));
}

}  // namespace turnstile::inline v0::detail
