#include "entering.hpp"

#include <turnstile/path.hpp>

#include "line_terms.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace turnstile::inline v0::detail {

error_code why_not_made(const std::vector<outcome>& answers, std::size_t made)
{
    for (std::size_t i = 0; i < made; ++i)
        if (const auto ec = answers[i].ec; ec && ec != errc::node_exists && (ec != errc::no_node || i == 0))
            return ec;
    return {};
}

create_fate fate_of_create(error_code ec) noexcept
{
    if (ec == errc::not_connected)
        return create_fate::not_executed;
    if (in_doubt(ec) && ec != errc::deadline_exceeded && !cancelled(ec))
        return create_fate::in_doubt;
    return user_error(ec) || precondition_failed(ec) ? create_fate::refused : create_fate::given_up;
}

entering::entering(ticket t, bool make_directory)
    : ours_{std::move(t)},
      make_directory_{make_directory},
      book_{line_book::find(ours_.line(), ours_.in())},
      trusts_book_{book_ && book_->complete()}
{
}

operation entering::look_at_directory() const
{
    const auto& directory = ours_.line().directory;
    if (trusts_book_)
        return op::exists{directory};
    return op::children{directory, false, book_ != nullptr};
}

/// What is missing on the way to the line, and the line's own directory. One that bears a maximum must outlive its use.
std::vector<operation> entering::directory() const
{
    std::vector<operation> creates;
    if (!make_directory_)
        return creates;
    const auto& line = ours_.line();
    for (auto& prefix : path_prefixes(line.directory)) {
        const bool bears_terms = line.counted() && prefix == line.directory;
        auto data = bears_terms ? terms_to_text(line.maximum) : std::string{};
        const bool stays = bears_terms || line.permanent();
        creates.emplace_back(
            op::create{std::move(prefix), std::move(data), stays ? create_mode::persistent : create_mode::container});
    }
    return creates;
}

std::vector<operation> entering::question() const
{
    const auto& line = ours_.line();
    std::vector<operation> q;
    switch (step_) {
        case step::create:
            q = directory();
            q.reserve(q.size() + 3);
            q.emplace_back(op::create{ours_.path_to_create(), line.data(), create_mode::ephemeral_sequential});
            q.push_back(look_at_directory());
            if (line.counted())
                q.emplace_back(op::get{line.directory});
            break;
        case step::look:
            q.emplace_back(op::sync{line.directory});
            q.emplace_back(op::children{line.directory});
            break;
        case step::identify:
            q.emplace_back(op::get{join_path(line.directory, marked_.front())});
            for (auto extra = marked_.begin() + 1; extra != marked_.end(); ++extra)
                q.emplace_back(op::erase{join_path(line.directory, *extra)});
            break;
    }
    return q;
}

std::size_t entering::together() const noexcept
{
    if (step_ != step::create || make_directory_ || !line().permanent() || line().counted())
        return 0;
    return std::max<std::size_t>(1, std::hash<std::string>{}(line().name()));
}

entering::state entering::answered(std::vector<outcome> answers)
{
    switch (step_) {
        case step::create:
            return created(answers);
        case step::look:
            return looked(answers);
        case step::identify:
            break;
    }
    return identified(answers.front());
}

entering::state entering::created(std::vector<outcome>& answers)
{
    const auto& line = ours_.line();
    const auto own = answers.size() - (line.counted() ? 3 : 2);  // behind the directories
    const auto& create = answers[own];
    if (create.ok()) {
        list_ = std::move(answers[own + 1].children);
        directory_made_ = answers[own + 1].stat.czxid;
        if (line.counted())
            terms_ = std::move(answers.back());
        return stand(path_name(create.path), create.stat);
    }
    if (create.ec == errc::no_node) {
        auto why = make_directory_ ? why_not_made(answers, own) : error_code{};
        if (line.counted() && line.maximum == 0)
            why = errc::maximum_mismatch;  // nobody has said how many
        return not_made(why ? state::failed : state::directory_missing, why);
    }
    switch (fate_of_create(create.ec)) {
        case create_fate::not_executed:
            return not_made(state::not_executed, create.ec);
        case create_fate::in_doubt:
            step_ = step::look;
            return state_;
        case create_fate::refused:
            return not_made(state::failed, create.ec);
        case create_fate::given_up:
            break;
    }
    return end(state::failed, create.ec);
}

/// Behind a sync the list is complete, whatever server answers: what it does not show will never be there.
entering::state entering::looked(std::vector<outcome>& answers)
{
    if (const auto sync = answers.front().ec)  // a list that is not behind a sync proves nothing
        return end(state::failed, sync);
    auto& list = answers.back();
    if (list.ec && list.ec != errc::no_node)
        return end(state::failed, list.ec);
    std::vector<place> marked;
    for (const auto& child : list.children)
        if (auto p = child.starts_with(ours_.marker()) ? parse_place(child) : std::nullopt)
            marked.push_back(std::move(*p));
    if (marked.empty())
        return not_made(state::not_executed, errc::timed_out);
    std::sort(marked.begin(), marked.end());
    for (auto& p : marked)
        marked_.push_back(std::move(p.name));
    list_ = std::move(list.children);
    step_ = step::identify;
    return state_;
}

entering::state entering::identified(const outcome& own)
{
    if (own.ec == errc::no_node)
        return not_made(state::not_executed, errc::timed_out);
    if (own.ec)
        return end(state::failed, own.ec);
    return stand(marked_.front(), own.stat);
}

entering::state entering::stand(std::string_view name, const stat& made)
{
    const auto refused = ours_.stands_as(name, made);
    return end(refused ? state::failed : state::stands, refused);
}

entering::state entering::not_made(state s, error_code why)
{
    ours_.was_never_made();
    return end(s, why);
}

entering::state entering::end(state s, error_code why)
{
    state_ = s;
    why_ = why;
    return s;
}

}  // namespace turnstile::inline v0::detail
