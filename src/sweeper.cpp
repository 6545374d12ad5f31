#include "sweeper.hpp"

#include <turnstile/path.hpp>

#include "session_core.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace turnstile::inline v0::detail {

namespace {

/// Not answered, or not now.
bool worth_repeating(const std::vector<outcome>& answers)
{
    return std::any_of(answers.begin(), answers.end(),
                       [](const outcome& o) { return in_doubt(o.ec) || o.ec == errc::throttled; });
}

}  // namespace

void sweeper::erase(epoch in, std::string path, unique_function<void(error_code)> told, bool together)
{
    begin();
    try_erase(in, std::move(path), false, std::move(told), together);
}

void sweeper::try_erase(epoch in, std::string path, bool doubted, unique_function<void(error_code)> told, bool together)
{
    std::vector<operation> request{op::erase{path}};
    auto on_answer = [this, keep = core_.shared_from_this(), in, path, doubted,
                      told = std::move(told)](std::vector<outcome> answers) mutable {
        auto ec = answers.front().ec;
        if ((in_doubt(ec) || ec == errc::throttled) && core_.epoch_alive(in))
            return try_erase(in, std::move(path), doubted || in_doubt(ec), std::move(told));
        if (doubted && ec == errc::no_node)
            ec = {};       // the doubtful one did it
        if (in_doubt(ec))  // no matter: what it did not delete goes with the session
            ec = ec == errc::closing ? errc::session_closed : errc::session_expired;
        if (ec && ec != errc::no_node && !session_over(ec))
            SPDLOG_LOGGER_WARN(&core_.log(), "cannot delete {}: {}", path, ec.message());
        if (told)
            told(ec);
        end();
    };
    auto f = std::make_shared<flight>(std::move(request), std::move(on_answer));
    f->in = in;
    f->errand = true;
    f->together = together;
    core_.submit(std::move(f));
}

void sweeper::erase_marked(epoch in, std::string directory, std::string marker)
{
    begin();
    look_for_marked(in, std::move(directory), std::move(marker));
}

void sweeper::look_for_marked(epoch in, std::string directory, std::string marker)
{
    std::vector<operation> request{op::sync{directory}, op::children{directory}};
    auto on_list = [this, keep = core_.shared_from_this(), in, directory, marker](std::vector<outcome> answers) mutable {
        const auto& list = answers.back();
        if (worth_repeating(answers) && core_.epoch_alive(in))
            return look_for_marked(in, std::move(directory), std::move(marker));
        for (const auto& name : list.children)
            if (name.find(marker) != std::string::npos)
                erase(in, join_path(directory, name));
        end();
    };
    core_.fly(std::move(request), in, std::move(on_list));
}

void sweeper::when_idle(const std::shared_ptr<once<error_code>>& waiting)
{
    {
        const std::lock_guard lock{mutex_};
        if (open_ != 0) {
            std::erase_if(waiting_, [](const auto& w) { return w->done(); });  // gave up
            waiting_.push_back(waiting);
            return;
        }
    }
    waiting->complete({});
}

void sweeper::begin()
{
    const std::lock_guard lock{mutex_};
    ++open_;
}

void sweeper::end()
{
    std::vector<std::shared_ptr<once<error_code>>> idle;
    {
        const std::lock_guard lock{mutex_};
        if (--open_ == 0)
            idle.swap(waiting_);
    }
    for (const auto& w : idle)
        w->complete({});
}

}  // namespace turnstile::inline v0::detail
