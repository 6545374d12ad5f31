#include "vigil.hpp"

#include <turnstile/path.hpp>

#include "contender_record.hpp"
#include "line_terms.hpp"

#include <algorithm>
#include <utility>

namespace turnstile::inline v0::detail {

vigil::vigil(const line_request& line, place own, epoch in, std::shared_ptr<line_book> book)
    : line_{line},
      in_{in},
      book_{std::move(book)},
      us_{std::move(own)},
      terms_known_{!line.counted()},
      terms_watched_{!line.counted()},
      left_known_{line.left == nullptr}
{
}

/// Who asks finds out whether the maximum is what it was taken for; who waits already goes by the new one.
void vigil::told_terms(const outcome& directory)
{
    if (directory.ec)
        return give_up(directory.ec);
    const auto maximum = parse_terms(directory.data);
    const bool expected = maximum && (line_.maximum == 0 || line_.maximum == *maximum || terms_told_);
    if (!expected || line_.wanted.weight > *maximum)
        return give_up(errc::maximum_mismatch);
    terms_known_ = terms_told_ = true;
    us_.set_capacity(*maximum);
}

void vigil::entered(line_book::made directory)
{
    if (book_ && book_->entered(us_.own(), directory))
        look_it_up();
}

/// Others of this session may have been told in the meantime what we would have to ask.
void vigil::look_it_up()
{
    if (const auto ahead = book_ ? book_->before(us_.own()) : std::nullopt)
        us_.told(ahead->nearest, ahead->beyond);
}

void vigil::listed(const std::vector<std::string>& children, line_book::made directory)
{
    us_.listed(children);
    if (!book_ && us_.deep())
        book_ = line_book::open(line_, in_);
    if (book_.use_count() > 1)  // else nobody reads it
        book_->listed(children, directory);
    mind_own();
    if (!std::exchange(admitted_, true) && line_.admit)
        if (const auto refused = line_.admit(us_.weight_ahead()))
            give_up(refused);
    // Whoever left something left it before its place went. So who comes to an empty line sees it in the same list.
    const auto shows = [&](const std::string& name) { return name == path_name(line_.left->path); };
    if (!left_known_ && us_.next() == need::nothing && std::none_of(children.begin(), children.end(), shows))
        told_left(outcome{errc::no_node});
}

void vigil::told_left(const outcome& node)
{
    if (node.ec && node.ec != errc::no_node)
        return give_up(node.ec);
    left_known_ = true;
    line_.left->data = node.ok() ? std::optional{node.data} : std::nullopt;
    line_.left->version = node.stat.version;
}

vigil::state vigil::now() const
{
    if (why_)
        return state::never;
    if (!terms_known_)
        return state::asks;
    switch (us_.next()) {
        case need::nothing:
            return left_known_ ? state::our_turn : state::asks;
        case need::look:
        case need::list:
            return state::asks;
        case need::wait:
            return terms_watched_ ? state::waits : state::asks;
        case need::gone:
            break;
    }
    return state::never;
}

std::vector<operation> vigil::question()
{
    std::vector<operation> q;
    asked_.clear();
    terms_asked_ = !terms_known_ || !terms_watched_;
    if (terms_asked_)
        q.emplace_back(op::get{line_.directory, true});
    if (!terms_known_)
        return q;
    if (us_.next() == need::list) {
        q.emplace_back(op::children{line_.directory, false, book_ != nullptr});
        return q;
    }
    if (us_.next() == need::nothing) {
        left_asked_ = true;
        q.emplace_back(op::get{line_.left->path});
        return q;
    }
    asked_ = us_.to_look();
    q.reserve(q.size() + asked_.size());
    for (const auto& g : asked_)
        // get, not exists: a get that finds no node leaves no watch behind.
        q.emplace_back(op::get{join_path(line_.directory, g.name), g.watch});
    return q;
}

void vigil::answered(std::span<const outcome> answers)
{
    if (std::exchange(terms_asked_, false)) {
        terms_watched_ = answers.front().ok();
        told_terms(answers.front());
        answers = answers.subspan(1);
    }
    if (std::exchange(left_asked_, false))
        told_left(answers.front());
    else if (!asked_.empty())
        looked(answers);
    else if (!answers.empty() && answers.front().ec)
        give_up(answers.front().ec);
    else if (!answers.empty())
        listed(answers.front().children, answers.front().stat.czxid);
    mind_own();
}

void vigil::looked(std::span<const outcome> answers)
{
    const auto asked = std::exchange(asked_, {});
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto& found = answers[i];
        if (found.ec == errc::no_node) {
            went(asked[i].name);
            continue;
        }
        if (found.ec)
            return give_up(found.ec);
        us_.seen(asked[i].name, asked[i].watch);
        if (us_.shared() && parse_contender_record(found.data).downgraded)
            us_.downgraded(asked[i].name);
    }
}

void vigil::happened(const watch_event& event)
{
    if (event.path == line_.directory) {
        terms_known_ = terms_watched_ = false;  // somebody has changed the maximum
        return;
    }
    if (event.type == watch_event_type::erased) {
        went(path_name(event.path));
        if (us_.out_of_sight())
            look_it_up();
    } else {
        us_.stirred(path_name(event.path));
    }
    mind_own();
}

void vigil::went(std::string_view name)
{
    us_.went(name);
    if (book_)
        book_->gone(name);
}

void vigil::mind_own()
{
    if (!why_ && us_.next() == need::gone)
        give_up(errc::lost);
}

void vigil::give_up(error_code why) noexcept { why_ = why; }

}  // namespace turnstile::inline v0::detail
