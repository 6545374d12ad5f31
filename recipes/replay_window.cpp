#include <turnstile/path.hpp>
#include <turnstile/recipes/replay_window.hpp>
#include <turnstile/recipes/resource_kind.hpp>

#include "detail/claim.hpp"
#include "detail/line_verbs.hpp"
#include "detail/producer_window.hpp"
#include "detail/record_text.hpp"
#include "detail/registration.hpp"
#include "detail/retry.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

namespace {

[[noreturn]] void fail(const error_code& ec, const char* verb, const std::string& path)
{
    throw error{ec == errc::deadline_exceeded ? errc::timed_out : ec, verb, path};
}

bool again(const error_code& ec, deadline until)
{
    return detail::worth_another_try(ec, until) || (ec == errc::session_expired && !until.passed());
}

/// As one component of a path.
std::string encoded_producer(const std::string& producer)
{
    static const kind_definition producers{"producer", {"name:text"}};
    return resource_key{producers, {producer}}.encoded();
}

deadline or_default(const session& s, deadline until)
{
    return until.is_never() ? deadline{s.options().operation_timeout} : until;
}

}  // namespace

// ---- The sender

namespace {

std::uint32_t epoch_in(std::string_view text)
{
    std::uint32_t epoch = 0;
    detail::for_each_record_line(text, [&](std::string_view key, std::string_view value) {
        if (key == "epoch")
            std::from_chars(value.data(), value.data() + value.size(), epoch);
    });
    return epoch;
}

std::string text_of(std::uint32_t epoch, const std::string& mark)
{
    std::string text{detail::record_heading};
    detail::append_record_line(text, "epoch", std::to_string(epoch));
    detail::append_record_line(text, "mark", mark);
    return text;
}

}  // namespace

awaitable<sequence_source> sequence_source::begin(session s, std::string producer, std::string path, deadline until)
{
    while (true) {
        op::get look{path};
        const auto known = co_await s.run(std::move(look), until);
        if (known.ec && known.ec != errc::no_node) {
            if (again(known.ec, until))
                continue;
            fail(known.ec, "sequence_source::open", path);
        }
        // A doubtful one is not looked for: an epoch that nobody uses costs nothing.
        const auto next = epoch_in(known.data) + 1;
        pipeline p;
        if (known.ok()) {
            p.add(op::set{path, text_of(next, detail::new_claim_mark(s)), known.stat.version});
        } else {
            for (auto& above : path_prefixes(parent_path(path)))
                p.add(op::create{std::move(above)});
            p.add(op::create{path, text_of(next, detail::new_claim_mark(s))});
        }
        const auto answers = co_await s.run(std::move(p), until);
        const auto ec = answers.back().ec;
        if (!ec)
            co_return sequence_source{std::move(producer), next};
        const bool another_was_faster = ec == errc::bad_version || ec == errc::node_exists || ec == errc::no_node;
        if (!another_was_faster && !again(ec, until))
            fail(ec, "sequence_source::open", path);
        if (until.passed())
            fail(errc::timed_out, "sequence_source::open", path);
    }
}

awaitable<sequence_source> sequence_source::open(session s, std::string producer, std::string base, deadline until)
{
    detail::check_line(base, "sequence_source");
    auto path = join_path(join_path(base, "producers"), encoded_producer(producer));
    until = or_default(s, until);
    return begin(std::move(s), std::move(producer), std::move(path), until);
}

// ---- The receiver

struct replay_window::state {
    session ensemble;
    std::string directory;
    replay_options how;

    std::mutex mutex;
    // Guarded by mutex; by encoded name.
    std::map<std::string, std::shared_ptr<detail::producer_window>> producers;

    state(session s, std::string d, replay_options h) : ensemble{std::move(s)}, directory{std::move(d)}, how{std::move(h)} {}

    std::shared_ptr<detail::producer_window> of(const std::string& encoded)
    {
        const std::lock_guard lock{mutex};
        auto& w = producers[encoded];
        if (!w)
            w = std::make_shared<detail::producer_window>(ensemble, join_path(directory, encoded), how);
        return w;
    }
};

const session& replay_window::get_session() const noexcept { return state_->ensemble; }

awaitable<replay_window> replay_window::open(session s, std::string name, replay_options how, deadline until)
{
    detail::check_line(how.base, "replay_window");
    if (!detail::is_kind_name(name))
        throw error{errc::bad_argument, "replay_window", name, "a name: small letters, digits, '_' or '-'; at most 40"};
    if (how.window < 64 || how.window > 8'192)
        throw error{errc::bad_argument, "replay_window", name, "window: from 64 to 8192"};
    if (how.epochs == 0 || how.epochs > 16)
        throw error{errc::bad_argument, "replay_window", name, "epochs: from 1 to 16"};
    detail::registration r;
    r.recipe = "replay_window";
    r.base = how.base;
    r.purpose = "windows";
    r.kind.name = name;
    r.policy = {{"window", std::to_string(how.window)}, {"epochs", std::to_string(how.epochs)}};
    auto opened = std::make_shared<state>(s, r.directory(), std::move(how));
    auto enrolling = detail::enrol(s, std::move(r), until);
    co_await std::move(enrolling);
    co_return replay_window{std::move(opened)};
}

namespace {

/// Whoever stops waiting has not got it.
class waiting_for {
public:
    explicit waiting_for(std::vector<std::pair<std::shared_ptr<detail::producer_window>, detail::window_question_ptr>> all)
        : all_{std::move(all)}
    {
    }
    waiting_for(const waiting_for&) = delete;
    waiting_for& operator=(const waiting_for&) = delete;
    ~waiting_for()
    {
        if (told_)
            return;
        for (const auto& [window, q] : all_)
            if (q->over.exchange(detail::window_question::end::abandoned) == detail::window_question::end::told &&
                detail::is_taken(*q))
                window->ask({detail::undo(*q)});
    }

    const auto& all() const noexcept { return all_; }
    void told() noexcept { told_ = true; }

private:
    const std::vector<std::pair<std::shared_ptr<detail::producer_window>, detail::window_question_ptr>> all_;
    bool told_ = false;
};

awaitable<std::vector<replay>> accept_all(
    std::vector<std::pair<std::shared_ptr<detail::producer_window>, detail::window_question_ptr>> all, deadline until)
{
    waiting_for us{std::move(all)};
    std::map<std::shared_ptr<detail::producer_window>, std::vector<detail::window_question_ptr>> by_producer;
    for (const auto& [w, q] : us.all())
        by_producer[w].push_back(q);
    for (auto& [w, some] : by_producer)
        w->ask(std::move(some));
    std::vector<replay> answers;
    for (const auto& [w, q] : us.all()) {
        auto waiting = q->answered.wait(until);
        const auto ec = co_await std::move(waiting);
        if (ec || q->failed)
            fail(ec ? ec : q->failed, "replay_window::accept", {});
        answers.push_back(q->answer);
    }
    us.told();
    co_return answers;
}

awaitable<replay> only(awaitable<std::vector<replay>> one)
{
    const auto answers = co_await std::move(one);
    co_return answers.front();
}

}  // namespace

awaitable<replay> replay_window::accept(sequence s, deadline until) const
{
    std::vector<sequence> one;
    one.push_back(std::move(s));
    return only(accept_many(std::move(one), until));
}

awaitable<std::vector<replay>> replay_window::accept_many(std::vector<sequence> batch, deadline until) const
{
    std::vector<std::pair<std::shared_ptr<detail::producer_window>, detail::window_question_ptr>> all;
    for (const auto& s : batch) {
        if (s.epoch == 0 || s.number == 0)
            throw error{errc::bad_argument, "replay_window::accept", s.producer, "epochs and numbers begin at 1"};
        all.emplace_back(state_->of(encoded_producer(s.producer)),
                         std::make_shared<detail::window_question>(s.epoch, s.number));
    }
    return accept_all(std::move(all), or_default(state_->ensemble, until));
}

}  // namespace turnstile::inline v0
