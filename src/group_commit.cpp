#include "group_commit.hpp"

#include <turnstile/path.hpp>
#include <turnstile/zxid_probe.hpp>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

namespace turnstile::inline v0::detail {

void group_commit::set_out(flight& f) noexcept
{
    f.has_set_out = true;
    ++aloft_;
}

bool group_commit::landed(flight& f) noexcept
{
    if (!std::exchange(f.has_set_out, false))
        return false;
    --aloft_;
    return true;
}

void group_commit::wait(std::shared_ptr<flight> f)
{
    f->stage = flight_stage::waiting;
    waiting_.push_back(std::move(f));
}

namespace {

std::size_t bytes_of(const flight& f) noexcept
{
    constexpr std::size_t step_overhead = 64;
    const auto* create = std::get_if<op::create>(&f.operations.front());
    return step_overhead + path_of(f.operations.front()).size() + (create ? create->data.size() : 0);
}

}  // namespace

group_commit::departure group_commit::next()
{
    departure d;
    std::unordered_set<std::size_t> lines;
    std::size_t bytes = 0;
    for (; !waiting_.empty() && d.together.size() < size_max_; waiting_.pop_front()) {
        auto& f = waiting_.front();
        if (f->stage == flight_stage::landed)
            continue;
        const bool fits = bytes + bytes_of(*f) <= bytes_max_;
        const bool same_epoch = d.together.empty() || d.together.front()->in == f->in;
        if ((!fits && !d.together.empty()) || !same_epoch)
            break;
        const bool first_of_line = f->line == 0 || lines.insert(f->line).second;
        if (first_of_line)
            bytes += bytes_of(*f);
        (first_of_line ? d.together : d.alone).push_back(std::move(f));
    }
    return d;
}

namespace {

op::step as_step(const operation& write)
{
    if (const auto* create = std::get_if<op::create>(&write))
        return *create;
    return std::get<op::erase>(write);
}

/// Beside the node that a create makes: there we may create and erase.
std::string beside(const op::create& first)
{
    return join_path(parent_path(first.path), "zxid-" + std::string{path_name(first.path)});
}

/// The place of a read among those of the carrier, behind the transaction.
std::size_t place_of(const op::children& read, const std::vector<operation>& carried)
{
    std::size_t at = 1;
    while (at < carried.size() && std::get<op::children>(carried[at]).path != read.path)
        ++at;
    return at;
}

}  // namespace

std::shared_ptr<flight> carrier_of(group_commit::group members)
{
    std::vector<op::step> steps;
    std::vector<operation> all;
    const op::create* first = nullptr;
    steps.reserve(members.size() + 3);
    for (const auto& m : members) {
        const auto* create = std::get_if<op::create>(&m->operations.front());
        if (create && !first)
            first = create;
        steps.push_back(as_step(m->operations.front()));
    }
    if (first)
        add_zxid_probe(steps, beside(*first), first->access);
    all.emplace_back(op::multi{std::move(steps)});
    for (const auto& m : members)
        for (std::size_t i = 1; i < m->operations.size(); ++i) {
            const auto& read = std::get<op::children>(m->operations[i]);
            if (place_of(read, all) == all.size())
                all.emplace_back(read);
        }
    auto carrier = std::make_shared<flight>(std::move(all), nullptr);
    carrier->in = members.front()->in;
    for (const auto& m : members)
        carrier->ephemeral_bytes += m->ephemeral_bytes;
    carrier->members = std::move(members);
    return carrier;
}

bool was_undone(const flight& carrier) noexcept
{
    const auto ec = carrier.answers.front().ec;
    return ec && !in_doubt(ec) && !session_over(ec) && ec != errc::not_connected && ec != errc::throttled;
}

namespace {

/// Of the member's write.
outcome share_of_write(const flight& carrier, std::size_t member, std::int64_t session_id)
{
    const auto& told = carrier.answers.front();
    outcome share{told.ec};
    if (told.ec || !std::holds_alternative<op::create>(carrier.members[member]->operations.front()))
        return share;
    share.path = told.steps[member].path;
    share.stat.czxid = share.stat.mzxid = probed_zxid(told.steps, carrier.members.size());
    share.stat.ephemeral_owner = session_id;
    return share;
}

}  // namespace

std::vector<std::vector<outcome>> shares_of(const flight& carrier, std::int64_t session_id)
{
    std::vector<std::vector<outcome>> shares;
    shares.reserve(carrier.members.size());
    for (std::size_t i = 0; i < carrier.members.size(); ++i) {
        const auto& asked = carrier.members[i]->operations;
        auto& share = shares.emplace_back();
        share.reserve(asked.size());
        share.push_back(share_of_write(carrier, i, session_id));
        for (std::size_t r = 1; r < asked.size(); ++r)
            share.push_back(carrier.answers[place_of(std::get<op::children>(asked[r]), carrier.operations)]);
    }
    return shares;
}

}  // namespace turnstile::inline v0::detail
