#include "line_book.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

/// So many are shown: who knows of some ahead can look for them by name.
constexpr std::size_t shown = 4;

class shelf {
public:
    static shelf& get()
    {
        static auto* const s = new shelf;  // waiters may be dropped while static storage is destroyed
        return *s;
    }

    std::shared_ptr<line_book> find(const line_request& line, epoch in)
    {
        if (books_there_are_ == 0)  // so it is where nobody waits for long: that shall cost nothing
            return nullptr;
        const std::lock_guard lock{mutex_};
        const auto found = books_.find(label_of(line, in));
        return found == books_.end() ? nullptr : found->second.lock();
    }

    std::shared_ptr<line_book> open(const line_request& line, epoch in)
    {
        const auto name = label_of(line, in);
        const std::lock_guard lock{mutex_};
        auto& there = books_[name];
        if (auto book = there.lock())
            return book;
        ++books_there_are_;
        const auto put_away = [this, name](line_book* unused) {
            delete unused;
            remove(name);
        };
        std::shared_ptr<line_book> book{new line_book, put_away};
        there = book;
        return book;
    }

private:
    using label = std::tuple<const void*, epoch, std::string>;

    static label label_of(const line_request& line, epoch in) { return {line.session.core().get(), in, line.directory}; }

    /// Another may have taken its place meanwhile.
    void remove(const label& name)
    {
        const std::lock_guard lock{mutex_};
        --books_there_are_;
        const auto found = books_.find(name);
        if (found != books_.end() && found->second.expired())
            books_.erase(found);
    }

    std::mutex mutex_;
    std::map<label, std::weak_ptr<line_book>> books_;  // guarded by mutex_
    std::atomic<int> books_there_are_ = 0;
};

bool has_book(const line_request& line) { return line.key.empty() && line.wanted.what == claim::kind::whole; }

}  // namespace

std::shared_ptr<line_book> line_book::find(const line_request& line, epoch in)
{
    return has_book(line) ? shelf::get().find(line, in) : nullptr;
}

std::shared_ptr<line_book> line_book::open(const line_request& line, epoch in)
{
    return has_book(line) ? shelf::get().open(line, in) : nullptr;
}

/// Lists arrive in any order with places that were entered, because several threads bring them. So what is younger than all
/// in the list stays: it may have come after it. What is older and not in the list has gone.
void line_book::listed(const std::vector<std::string>& children, made directory)
{
    if (directory == 0)
        return;
    std::vector<place> found;
    found.reserve(children.size());
    bool strangers = false;
    for (const auto& child : children) {
        if (auto p = parse_place(child))
            found.push_back(std::move(*p));
        strangers = strangers || may_insert(child);
    }
    std::sort(found.begin(), found.end());

    const std::lock_guard lock{mutex_};
    turn_to(directory);
    strangers_ = strangers;
    const auto last = found.empty() ? -1 : found.back().sequence;
    const auto younger = std::find_if(places_.begin(), places_.end(), [&](const place& p) { return p.sequence > last; });
    found.insert(found.end(), std::make_move_iterator(younger), std::make_move_iterator(places_.end()));
    places_.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    last_known_ = std::max(last_known_, last);
}

bool line_book::entered(const place& ours, made directory)
{
    const std::lock_guard lock{mutex_};
    complete_ = directory != 0 && directory == directory_ && !strangers_ && ours.sequence == last_known_ + 1;
    if (complete_) {
        places_.push_back(ours);
        last_known_ = ours.sequence;
    }
    return complete_;
}

void line_book::gone(std::string_view name)
{
    const auto p = parse_place(name);
    if (!p)
        return;
    const std::lock_guard lock{mutex_};
    if (const auto at = position_of(*p); at != places_.end())
        places_.erase(at);
}

bool line_book::complete() const
{
    const std::lock_guard lock{mutex_};
    return complete_;
}

std::optional<line_book::view> line_book::before(const place& own) const
{
    const std::lock_guard lock{mutex_};
    const auto ours = position_of(own);
    if (ours == places_.end() || own.sequence > last_known_ || strangers_)
        return std::nullopt;
    const auto ahead = static_cast<std::size_t>(ours - places_.begin());
    const auto first = ours - static_cast<std::ptrdiff_t>(std::min(ahead, shown));
    return view{{first, ours}, static_cast<std::uint64_t>(first - places_.begin())};
}

/// Whoever stood in another directory of this name has gone with it.
void line_book::turn_to(made directory)
{
    if (directory == directory_)
        return;
    directory_ = directory;
    places_.clear();
    last_known_ = -1;
    complete_ = false;
}

/// The end: it is not there.
std::deque<place>::const_iterator line_book::position_of(const place& p) const
{
    const auto at = std::lower_bound(places_.begin(), places_.end(), p);
    return at != places_.end() && *at == p ? at : places_.end();
}

}  // namespace turnstile::inline v0::detail
