#include "joint_entering.hpp"

#include <turnstile/path.hpp>
#include <turnstile/zxid_probe.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

/// Ours by its marker, the lowest if there are several; empty when there is none.
std::string marked_in(const std::vector<std::string>& children, const std::string& marker)
{
    for (const auto& p : places_in(children, key_of(marker)))
        if (p.name.starts_with(marker))
            return std::string{p.name};
    return {};
}

}  // namespace

joint_entering::joint_entering(std::vector<ticket> ours, bool make_directories)
    : ours_{std::move(ours)}, make_directories_{make_directories}
{
}

std::vector<operation> joint_entering::directories() const
{
    std::map<std::string, bool> missing;  // whether it stays; sorted: parents come before their children
    if (make_directories_)
        for (const auto& t : ours_)
            for (auto& prefix : path_prefixes(t.line().directory)) {
                auto& stays = missing[std::move(prefix)];
                stays = stays || t.line().permanent();
            }
    std::vector<operation> creates;
    creates.reserve(missing.size());
    for (const auto& [path, stays] : missing)
        creates.emplace_back(op::create{path, "", stays ? create_mode::persistent : create_mode::container});
    return creates;
}

op::multi joint_entering::creates() const
{
    std::vector<op::step> steps;
    for (const auto& t : ours_)
        steps.emplace_back(op::create{t.path_to_create(), t.line().data(), create_mode::ephemeral_sequential});
    add_zxid_probe(steps, line().directory + "/zxid-" + ours_.front().marker());
    return op::multi{std::move(steps)};
}

std::vector<operation> joint_entering::question() const
{
    std::vector<operation> q;
    switch (step_) {
        case step::create:
            q = directories();
            q.emplace_back(creates());
            break;
        case step::look:
            q.emplace_back(op::sync{line().directory});
            break;
        case step::identify:
            for (std::size_t i = 0; i < ours_.size(); ++i)
                q.emplace_back(op::get{join_path(ours_[i].line().directory, marked_[i])});
            return q;
    }
    for (const auto& t : ours_)
        q.emplace_back(op::children{t.line().directory});
    return q;
}

joint_entering::state joint_entering::answered(std::vector<outcome> answers)
{
    switch (step_) {
        case step::create:
            return created(answers);
        case step::look:
            return looked(answers);
        case step::identify:
            break;
    }
    return identified(answers);
}

joint_entering::state joint_entering::created(std::vector<outcome>& answers)
{
    const auto at = answers.size() - ours_.size() - 1;  // behind the directories
    const auto& all = answers[at];
    if (all.ok()) {
        stat made;
        made.czxid = probed_zxid(all.steps, ours_.size());
        made.ephemeral_owner = ours_.front().session_id();  // the transaction was sent in that session, and in no other
        error_code refused;
        for (std::size_t i = 0; i < ours_.size(); ++i) {
            if (const auto ec = ours_[i].stands_as(path_name(all.steps[i].path), made))
                refused = ec;
            lists_.push_back(std::move(answers[at + 1 + i].children));
        }
        return end(refused ? state::failed : state::stands, refused);
    }
    if (all.ec == errc::no_node) {
        const auto why = make_directories_ ? why_not_made(answers, at) : error_code{};
        return not_made(why ? state::failed : state::directory_missing, why);
    }
    switch (fate_of_create(all.ec)) {
        case create_fate::not_executed:
            return not_made(state::not_executed, all.ec);
        case create_fate::in_doubt:
            step_ = step::look;
            return state_;
        case create_fate::refused:
            return not_made(state::failed, all.ec);
        case create_fate::given_up:
            break;
    }
    return end(state::failed, all.ec);
}

joint_entering::state joint_entering::looked(std::vector<outcome>& answers)
{
    if (const auto sync = answers.front().ec)  // lists that are not behind a sync prove nothing
        return end(state::failed, sync);
    std::size_t found = 0;
    for (std::size_t i = 0; i < ours_.size(); ++i) {
        auto& list = answers[1 + i];
        if (list.ec && list.ec != errc::no_node)
            return end(state::failed, list.ec);
        marked_.push_back(marked_in(list.children, ours_[i].marker()));
        lists_.push_back(std::move(list.children));
        found += marked_.back().empty() ? 0 : 1;
    }
    if (found == 0)
        return not_made(state::not_executed, errc::timed_out);
    if (found < ours_.size())  // it was all or nothing: somebody has removed one
        return end(state::failed, errc::lost);
    step_ = step::identify;
    return state_;
}

joint_entering::state joint_entering::identified(const std::vector<outcome>& answers)
{
    error_code refused;
    for (std::size_t i = 0; i < ours_.size(); ++i) {
        if (const auto ec = answers[i].ec)
            return end(state::failed, ec == errc::no_node ? error_code{errc::lost} : ec);
        if (const auto ec = ours_[i].stands_as(marked_[i], answers[i].stat))
            refused = ec;
    }
    return end(refused ? state::failed : state::stands, refused);
}

joint_entering::state joint_entering::not_made(state s, error_code why)
{
    for (auto& t : ours_)
        t.was_never_made();
    return end(s, why);
}

joint_entering::state joint_entering::end(state s, error_code why)
{
    state_ = s;
    why_ = why;
    return s;
}

}  // namespace turnstile::inline v0::detail
