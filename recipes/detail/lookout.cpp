#include "lookout.hpp"

#include "place_name.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

lookout::lookout(std::string directory, std::function<void()> alone)
    : directory_{std::move(directory)}, alone_{std::move(alone)}
{
}

dialogue::move lookout::begin()
{
    std::vector<operation> list;
    list.emplace_back(op::children{directory_, true});
    return move::ask(std::move(list));
}

dialogue::move lookout::answered(std::vector<outcome> answers)
{
    const auto& list = answers.front();
    if (list.ec)
        return move::done(list.ec);
    if (places_in(list.children).size() > 1)
        return move::done();
    alone_();
    return move::wait();
}

dialogue::move lookout::happened(const watch_event& /*event*/) { return begin(); }

}  // namespace turnstile::inline v0::detail
