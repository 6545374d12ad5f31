#include <turnstile/recipes/lane.hpp>
#include <turnstile/recipes/turn.hpp>

#include "detail/contender_record.hpp"
#include "detail/intent_record.hpp"
#include "detail/retry.hpp"
#include "detail/turn_state.hpp"

#include <atomic>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

turn::turn(std::shared_ptr<detail::turn_state> s) noexcept : state_{std::move(s)} {}
turn::turn(turn&&) noexcept = default;

turn& turn::operator=(turn&& other) noexcept
{
    if (state_ && state_ != other.state_)
        state_->held.release_in_background();
    state_ = std::move(other.state_);
    return *this;
}

turn::~turn()
{
    if (!state_)
        return;
    state_->held.release_in_background();
    state_->end();
}

fencing_token turn::fence() const noexcept { return state_->fence; }
bool turn::held() const noexcept { return !state_->gone && state_->held.held(); }

void turn::check() const
{
    if (state_->gone)
        throw error{errc::lost, "turn::check", state_->held.path()};
    state_->held.check();
}

transaction turn::guard() const { return state_->held.guard(); }
lease& turn::holding() noexcept { return state_->held; }

bool turn::predecessor_died() const noexcept { return !state_->left.empty(); }
const std::vector<left_intent>& turn::predecessors() const noexcept { return state_->left; }

const std::string& turn::predecessor_intent() const noexcept
{
    static const std::string nothing;
    return state_->left.empty() ? nothing : state_->left.front().intent;
}

void turn::reconciled() noexcept { state_->reconciled = true; }

turn_loss turn::how_lost() const noexcept { return state_->declared ? turn_loss::effect_unknown : turn_loss::before_effect; }

bool turn::is_lost_by(const boost::system::system_error& e) const noexcept
{
    return e.code() == errc::fenced || (e.code() == errc::lost && !held());
}

namespace {

/// Unlike those of all other processes and turns.
std::string new_mark(const lease& held)
{
    static std::atomic<std::uint64_t> last{0};
    return std::to_string(static_cast<std::uint64_t>(held.get_session().id())) + "." + std::to_string(++last);
}

std::string text_of(const lease& held, const std::string& operation, std::string intent)
{
    detail::intent_record r;
    r.mark = new_mark(held);
    r.fence = held.token();
    r.operation = operation;
    auto me = detail::this_process();
    me.label = held.get_session().options().label;
    r.by = detail::in_words(me);
    r.intent = std::move(intent);
    return detail::to_text(r);
}

[[noreturn]] void refuse(const lease& held, const char* why)
{
    throw error{errc::bad_argument, "turn::declare", held.path(), why};
}

/// Its place is in the hands of somebody else.
bool place_went(const outcome& answer, std::size_t guards)
{
    if (session_over(answer.ec))
        return true;
    for (std::size_t i = 0; i < guards && i < answer.steps.size(); ++i)
        if (answer.steps[i].ec == errc::no_node)
            return true;
    return false;
}

[[noreturn]] void lose(detail::turn_state& s)
{
    s.gone = true;
    throw error{errc::lost, "turn::declare", s.held.path()};
}

/// A call that was cancelled may have written: what there is now. Nobody else writes while our place is there.
awaitable<void> look_again(std::shared_ptr<detail::turn_state> s)
{
    pipeline look;
    for (const auto& n : s->notes)
        look.add(op::sync{n.path}).add(op::get{n.path});
    const auto found = co_await s->held.get_session().run(std::move(look), deadline::never(), s->held.epoch());
    for (std::size_t i = 0; i < s->notes.size(); ++i) {
        const auto& node = found[2 * i + 1];
        if (session_over(node.ec))
            lose(*s);
        if (node.ec && node.ec != errc::no_node)
            throw error{node.ec, "turn::declare", s->held.path()};
        s->notes[i].version = node.ok() ? std::optional{node.stat.version} : std::nullopt;
    }
}

awaitable<void> declare_in(std::shared_ptr<detail::turn_state> s, std::string intent)
{
    s->held.check();
    if (!s->certain) {
        auto looking = look_again(s);
        co_await std::move(looking);
    }
    const auto data = text_of(s->held, s->operation, std::move(intent));
    const auto& in = s->held.get_session();
    const auto places = s->held.paths().size();
    const bool had_declared = std::exchange(s->declared, true);
    bool doubted = false;
    s->certain = false;
    while (true) {
        auto all = s->held.guard();
        for (const auto& n : s->notes)
            if (n.version)
                all.set(n.path, data, *n.version);
            else
                all.create(n.path, data);
        op::multi write{std::move(all).release()};
        const auto written = co_await in.run(std::move(write), deadline::never(), s->held.epoch());
        if (place_went(written, places)) {
            s->declared = had_declared || doubted || session_over(written.ec);
            lose(*s);
        }
        bool there = written.ok();
        if (!there && !detail::connection_went(written.ec) && written.ec != errc::not_connected)
            throw error{written.ec, "turn::declare", s->held.path()};
        if (!there) {
            doubted = true;
            // All or nothing: one of them tells of all. Behind a sync, because another server may answer.
            pipeline look;
            look.add(op::sync{s->notes.front().path}).add(op::get{s->notes.front().path});
            const auto found = co_await in.run(std::move(look), deadline::never(), s->held.epoch());
            if (session_over(found[1].ec))
                lose(*s);
            there = found[0].ok() && found[1].ok() && found[1].data == data;
        }
        if (!there)
            continue;
        for (auto& n : s->notes)
            n.version = n.version ? *n.version + 1 : 0;
        s->certain = true;
        co_return;
    }
}

awaitable<void> leave_from(std::shared_ptr<detail::turn_state> s)
{
    transaction taken_away;
    if (s->certain && s->reconciled)
        for (const auto& n : s->notes)
            if (n.version)
                taken_away.erase(n.path, *n.version);
    auto giving_up = taken_away.empty() ? s->held.release() : s->held.release_after(std::move(taken_away));
    try {
        co_await std::move(giving_up);
    } catch (const error&) {
        // What was done is done, and fenced. An intent that is still there is told to the next holder.
    }
    s->end();
}

}  // namespace

awaitable<void> turn::declare(std::string intent)
{
    if (intent.empty() || intent.size() > intent_max)
        refuse(state_->held, "an intent of 1 to 16384 bytes");
    if (!state_->reconciled)
        refuse(state_->held, "what the predecessor left is not reconciled yet");
    return declare_in(state_, std::move(intent));
}

awaitable<void> turn::leave() { return leave_from(state_); }

}  // namespace turnstile::inline v0
