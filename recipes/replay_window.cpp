#include <turnstile/latch.hpp>
#include <turnstile/lending.hpp>
#include <turnstile/path.hpp>
#include <turnstile/recipes/replay_window.hpp>
#include <turnstile/recipes/resource_kind.hpp>

#include "detail/claim.hpp"
#include "detail/line_verbs.hpp"
#include "detail/record_text.hpp"
#include "detail/registration.hpp"
#include "detail/retry.hpp"
#include "detail/window_record.hpp"

#include <boost/asio/co_spawn.hpp>

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

namespace {

/// Somebody who asks about a number.
struct question {
    std::uint32_t epoch;
    std::uint64_t number;
    bool gives_back = false;  ///< it was taken for somebody who had gone

    // Written before the latch opens.
    replay answer = replay::too_old;
    error_code failed;
    latch answered;

    /// Whichever comes second knows that the other came first.
    enum class end : unsigned char { none, told, abandoned };
    std::atomic<end> over{end::none};

    question(std::uint32_t e, std::uint64_t n) : epoch{e}, number{n} {}
};

using question_ptr = std::shared_ptr<question>;

/// The window of one producer: one write at a time, and all who come meanwhile share the next.
bool is_taken(const question& q) { return !q.failed && !q.gives_back && q.answer == replay::fresh; }

question_ptr undo(const question& q)
{
    auto u = std::make_shared<question>(q.epoch, q.number);
    u->gives_back = true;
    return u;
}

class producer_window : public std::enable_shared_from_this<producer_window> {
public:
    producer_window(session s, std::string path, const replay_options& how)
        : session_{std::move(s)}, path_{std::move(path)}, known_{how.window, how.epochs}
    {
    }

    void ask(std::vector<question_ptr> some)
    {
        {
            const std::lock_guard lock{mutex_};
            for (auto& q : some)
                waiting_.push_back(std::move(q));
            if (std::exchange(at_work_, true))
                return;
        }
        boost::asio::co_spawn(errand_executor(), serve(shared_from_this()), [](const std::exception_ptr&) {});
    }

private:
    static awaitable<void> serve(std::shared_ptr<producer_window> self)
    {
        while (true) {
            std::vector<question_ptr> batch;
            {
                const std::lock_guard lock{self->mutex_};
                batch.assign(self->waiting_.begin(), self->waiting_.end());
                self->waiting_.clear();
                self->at_work_ = !batch.empty();
            }
            if (batch.empty())
                co_return;
            auto answering = answer(self, batch);
            const auto ec = co_await std::move(answering);
            std::vector<question_ptr> given_back;
            for (const auto& q : batch) {
                q->failed = ec;
                if (q->over.exchange(question::end::told) == question::end::abandoned && is_taken(*q))
                    given_back.push_back(undo(*q));
                q->answered.open();
            }
            const std::lock_guard lock{self->mutex_};
            for (auto& q : given_back)
                self->waiting_.push_back(std::move(q));
        }
    }

    /// Until it is certain, or the session is closed.
    static awaitable<error_code> answer(std::shared_ptr<producer_window> self, std::vector<question_ptr> batch)
    {
        bool is_new = false;
        while (true) {
            if (!self->version_) {
                auto reading = read(self);
                const auto ec = co_await std::move(reading);
                if (ec)
                    co_return ec;
                is_new = true;
            }
            auto next = self->known_;
            for (const auto& q : batch)
                apply(next, *q);
            if (next == self->known_ && is_new)
                co_return error_code{};
            if (next == self->known_) {
                // A number that came before may have been given back meanwhile, by another receiver.
                self->version_.reset();
                continue;
            }
            auto writing = write(self, std::move(next));
            const auto written = co_await std::move(writing);
            if (written != errc::bad_version)
                co_return written;
            is_new = true;  // another receiver has written: with what it has taken, everything may be otherwise
        }
    }

    static void apply(detail::window_record& w, question& q)
    {
        if (q.gives_back)
            return w.give_back(q.epoch, q.number);
        if (q.over != question::end::abandoned)
            q.answer = w.accept(q.epoch, q.number);
    }

    static awaitable<error_code> read(std::shared_ptr<producer_window> self)
    {
        while (true) {
            op::get look{self->path_};
            const auto found = co_await self->session_.run(std::move(look));
            if (found.ok() || found.ec == errc::no_node) {
                self->known_.read(found.data);
                self->version_ = found.ok() ? found.stat.version : nothing;
                co_return error_code{};
            }
            if (!again(found.ec, deadline::never()))
                co_return found.ec;
        }
    }

    static awaitable<error_code> write(std::shared_ptr<producer_window> self, detail::window_record next)
    {
        const auto mark = detail::new_claim_mark(self->session_);
        const auto text = next.to_text(mark);
        while (true) {
            pipeline p;
            if (*self->version_ == nothing)
                p.add(op::create{self->path_, text});
            else
                p.add(op::set{self->path_, text, *self->version_});
            p.add(op::get{self->path_});
            const auto answers = co_await self->session_.run(std::move(p));
            const auto ec = answers[0].ec;
            const bool another = ec == errc::bad_version || ec == errc::node_exists || ec == errc::no_node;
            const bool ours_after_all = another && answers[1].ok() && detail::mark_of_window(answers[1].data) == mark;
            if (!ec || ours_after_all) {
                self->known_ = std::move(next);
                self->version_ = ours_after_all ? answers[1].stat.version : *self->version_ + 1;
                co_return error_code{};
            }
            if (another && answers[1].ec && answers[1].ec != errc::no_node)
                continue;  // who it is could not be read
            if (another && answers[1].ok()) {
                self->known_.read(answers[1].data);
                self->version_ = answers[1].stat.version;
                co_return errc::bad_version;
            }
            self->version_.reset();
            if (another)
                co_return errc::bad_version;
            if (!again(ec, deadline::never()))
                co_return ec;
            // In doubt: what stands there tells, with our mark or without.
            auto reading = read(self);
            const auto unread = co_await std::move(reading);
            if (unread)
                co_return unread;
            if (self->known_ == next)
                co_return error_code{};
            co_return errc::bad_version;
        }
    }

    /// The version before a create.
    static constexpr std::int32_t nothing = -1;

    const session session_;
    const std::string path_;

    // Of the one who is at work.
    detail::window_record known_;
    std::optional<std::int32_t> version_;  // nullopt: it has to be read

    std::mutex mutex_;
    // Guarded by mutex_.
    std::deque<question_ptr> waiting_;
    bool at_work_ = false;
};

}  // namespace

struct replay_window::state {
    session ensemble;
    std::string directory;
    replay_options how;

    std::mutex mutex;
    // Guarded by mutex; by encoded name.
    std::map<std::string, std::shared_ptr<producer_window>> producers;

    state(session s, std::string d, replay_options h) : ensemble{std::move(s)}, directory{std::move(d)}, how{std::move(h)} {}

    std::shared_ptr<producer_window> of(const std::string& encoded)
    {
        const std::lock_guard lock{mutex};
        auto& w = producers[encoded];
        if (!w)
            w = std::make_shared<producer_window>(ensemble, join_path(directory, encoded), how);
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
    explicit waiting_for(std::vector<std::pair<std::shared_ptr<producer_window>, question_ptr>> all) : all_{std::move(all)}
    {
    }
    waiting_for(const waiting_for&) = delete;
    waiting_for& operator=(const waiting_for&) = delete;
    ~waiting_for()
    {
        if (told_)
            return;
        for (const auto& [window, q] : all_)
            if (q->over.exchange(question::end::abandoned) == question::end::told && is_taken(*q))
                window->ask({undo(*q)});
    }

    const auto& all() const noexcept { return all_; }
    void told() noexcept { told_ = true; }

private:
    const std::vector<std::pair<std::shared_ptr<producer_window>, question_ptr>> all_;
    bool told_ = false;
};

awaitable<std::vector<replay>> accept_all(std::vector<std::pair<std::shared_ptr<producer_window>, question_ptr>> all,
                                          deadline until)
{
    waiting_for us{std::move(all)};
    std::map<std::shared_ptr<producer_window>, std::vector<question_ptr>> by_producer;
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
    std::vector<std::pair<std::shared_ptr<producer_window>, question_ptr>> all;
    for (const auto& s : batch) {
        if (s.epoch == 0 || s.number == 0)
            throw error{errc::bad_argument, "replay_window::accept", s.producer, "epochs and numbers begin at 1"};
        all.emplace_back(state_->of(encoded_producer(s.producer)), std::make_shared<question>(s.epoch, s.number));
    }
    return accept_all(std::move(all), or_default(state_->ensemble, until));
}

}  // namespace turnstile::inline v0
