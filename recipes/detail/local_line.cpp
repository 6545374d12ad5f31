#include "local_line.hpp"

#include "line_verbs.hpp"
#include "local_lines.hpp"
#include "lookout.hpp"
#include "waiting_line.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <functional>
#include <new>
#include <utility>
#include <vector>

namespace turnstile::inline v0::detail {

namespace asio = boost::asio;

// ---- What a turn leaves with others -------------------------------------------------------------------------------------

/// What one caller has of the process's lease.
class local_line::loan final : public lender {
public:
    loan(std::shared_ptr<local_line> line, std::uint64_t turn, std::shared_ptr<void> present)
        : line_{std::move(line)}, turn_{turn}, present_{std::move(present)}
    {
    }

    lease returned(lease l) noexcept override
    {
        present_.reset();  // before the next one has it: that may be the same owner
        return line_->returned(turn_, std::move(l));
    }

private:
    const std::shared_ptr<local_line> line_;
    const std::uint64_t turn_;
    std::shared_ptr<void> present_;
};

/// The keepsake of the process's lease: goes when that is lost, or released.
struct local_line::turn_mark {
    std::weak_ptr<local_line> line;
    std::uint64_t turn;

    turn_mark(std::weak_ptr<local_line> line_, std::uint64_t turn_) : line{std::move(line_)}, turn{turn_} {}
    turn_mark(const turn_mark&) = delete;
    turn_mark& operator=(const turn_mark&) = delete;
    ~turn_mark()
    {
        if (const auto l = line.lock())
            l->turn_over(turn);
    }
};

std::shared_ptr<void> local_line::mark_of(std::uint64_t turn) { return std::make_shared<turn_mark>(weak_from_this(), turn); }

struct local_line::errands {
    lease ended;  // is given up
    std::vector<signal> stop;
    std::vector<std::shared_ptr<caller>> failed;
    error_code why;
    std::shared_ptr<local_line> evicted;
    std::shared_ptr<caller> next;
    lease for_next;
    std::uint64_t turn = 0;
    std::optional<std::string> ask;  // for this purpose
    signal asking;
    signal looking_out;
    epoch in = epoch::none;
};

// ---- The queue ----------------------------------------------------------------------------------------------------------

local_line::local_line(std::shared_ptr<local_lines> all, std::string path) : all_{std::move(all)}, path_{std::move(path)} {}

local_line::~local_line() { all_->forget(path_); }

const session& local_line::get_session() const noexcept { return all_->get_session(); }

void local_line::join(const std::shared_ptr<caller>& who)
{
    errands e;
    {
        const std::lock_guard lock{mutex_};
        queue_.push_back(who);
        if (state_ == state::idle) {
            begin_asking(e);
        } else if (state_ == state::kept) {
            all_->keeps_no_more(this);
            pass_on(std::move(kept_), e);
        }
    }
    run(std::move(e));
}

void local_line::leave(const std::shared_ptr<caller>& who) noexcept
{
    errands e;
    {
        const std::lock_guard lock{mutex_};
        std::erase(queue_, who);
        if (state_ == state::asking && asking_ && queue_.empty())
            e.stop.push_back(asking_);
    }
    run(std::move(e));
}

std::size_t local_line::queued()
{
    const std::lock_guard lock{mutex_};
    drop_the_gone();
    return queue_.size();
}

std::optional<lease> local_line::take_kept(const std::shared_ptr<void>& present)
{
    lease l;
    std::uint64_t turn = 0;
    {
        const std::lock_guard lock{mutex_};
        if (state_ != state::kept)
            return std::nullopt;
        all_->keeps_no_more(this);
        state_ = state::lent;
        l = std::move(kept_);
        turn = turn_;
    }
    if (l.held())
        return lent(std::move(l), turn, present);
    turn_over(turn);
    return std::nullopt;
}

std::optional<std::uint64_t> local_line::begin_try()
{
    const std::lock_guard lock{mutex_};
    if (state_ != state::idle && (state_ != state::ending || !queue_.empty()))
        return std::nullopt;
    state_ = state::asking;
    return ++turn_;
}

lease local_line::tried(std::uint64_t turn, lease granted, const std::shared_ptr<void>& present)
{
    errands e;
    {
        const std::lock_guard lock{mutex_};
        begin_turn(e, granted.epoch());
        state_ = state::lent;
    }
    run(std::move(e));
    return lent(std::move(granted), turn, present);
}

void local_line::refused() noexcept { asked(asio::error::operation_aborted, lease{}); }

void local_line::give_up_kept() noexcept
{
    errands e;
    {
        const std::lock_guard lock{mutex_};
        if (state_ == state::kept)
            give_up(std::move(kept_), e);
    }
    run(std::move(e));
}

// ---- What happens to the process's turn ---------------------------------------------------------------------------------

void local_line::asked(error_code failed, lease granted)
{
    errands e;
    {
        const std::lock_guard lock{mutex_};
        asking_.reset();
        drop_the_gone();
        if (!failed) {
            begin_turn(e, granted.epoch());
            pass_on(std::move(granted), e);
        } else {
            state_ = state::idle;
            // Cancelled because nobody was left: who came since then asks anew.
            if (!cancelled(failed)) {
                e.failed.assign(queue_.begin(), queue_.end());
                e.why = failed;
                queue_.clear();
            }
            begin_asking(e);
        }
    }
    run(std::move(e));
}

/// What is given up is the caller's to release.
lease local_line::returned(std::uint64_t turn, lease l) noexcept
{
    const bool good = l.held();
    errands e;
    {
        const std::lock_guard lock{mutex_};
        drop_the_gone();
        if (turn != turn_ || state_ != state::lent)
            e.ended = std::move(l);  // it had been lost, and the others did not wait for its holder
        else if (good && may_pass())
            pass_on(std::move(l), e);
        else
            give_up(std::move(l), e);
    }
    auto ended = std::move(e.ended);
    run(std::move(e));
    return ended;
}

/// Released; or lost, while a caller has it or nobody.
void local_line::turn_over(std::uint64_t turn) noexcept
{
    errands e;
    {
        const std::lock_guard lock{mutex_};
        if (turn != turn_ || state_ == state::idle || state_ == state::asking)
            return;
        if (state_ != state::ending)
            give_up(std::move(kept_), e);
        state_ = state::idle;
        begin_asking(e);
    }
    run(std::move(e));
}

void local_line::alone(std::uint64_t turn)
{
    const std::lock_guard lock{mutex_};
    if (turn == turn_)
        alone_ = true;
}

void local_line::others_came(std::uint64_t turn)
{
    errands e;
    {
        const std::lock_guard lock{mutex_};
        if (turn != turn_)
            return;
        others_ = true;
        if (state_ == state::kept)
            give_up(std::move(kept_), e);
    }
    run(std::move(e));
}

// ---- Steps, under the mutex ---------------------------------------------------------------------------------------------

void local_line::drop_the_gone()
{
    std::erase_if(queue_, [](const auto& c) { return c->turn.over(); });
}

void local_line::begin_turn(errands& e, epoch in)
{
    passed_ = 0;
    alone_ = others_ = false;
    if (all_->options().keep == 0)
        return;
    looking_out_ = std::make_shared<asio::cancellation_signal>();
    e.looking_out = looking_out_;
    e.in = in;
    e.turn = turn_;
}

void local_line::begin_asking(errands& e)
{
    if (queue_.empty())
        return;
    state_ = state::asking;
    asking_ = std::make_shared<asio::cancellation_signal>();
    e.asking = asking_;
    e.ask = queue_.front()->purpose;
    e.turn = ++turn_;
}

bool local_line::may_pass() const noexcept
{
    const bool nobody_else_waits = alone_ && !others_;
    return queue_.empty() || nobody_else_waits || passed_ < all_->options().hand_overs;
}

void local_line::pass_on(lease l, errands& e)
{
    if (!queue_.empty()) {
        if (state_ == state::lent)
            ++passed_;
        state_ = state::lent;
        e.next = std::move(queue_.front());
        queue_.pop_front();
        e.for_next = std::move(l);
        e.turn = turn_;
    } else if (all_->options().keep > 0 && !others_) {
        state_ = state::kept;
        kept_ = std::move(l);
        e.evicted = all_->keeps(shared_from_this());
    } else {
        give_up(std::move(l), e);
    }
}

/// The turn is over once the lease is: then whoever waits asks for another, behind the delete.
void local_line::give_up(lease l, errands& e)
{
    if (state_ == state::kept)
        all_->keeps_no_more(this);
    state_ = state::ending;
    if (looking_out_)
        e.stop.push_back(std::exchange(looking_out_, nullptr));
    e.ended = std::move(l);
}

// ---- Errands ------------------------------------------------------------------------------------------------------------

lease local_line::lent(lease l, std::uint64_t turn, std::shared_ptr<void> present)
{
    return lend(std::move(l), std::make_shared<loan>(shared_from_this(), turn, std::move(present)));
}

void local_line::run(errands e)
{
    e.ended.release_in_background();
    if (e.looking_out)
        look_out(e.turn, e.in, e.looking_out);
    // Signals belong to the errands' thread. Behind what they stop: that may have to begin there yet.
    for (auto& s : e.stop)
        asio::post(all_->errands(), [s = std::move(s)] { s->emit(asio::cancellation_type::terminal); });
    if (e.ask)
        ask(e.turn, *e.ask, e.asking);
    if (e.evicted)
        e.evicted->give_up_kept();
    for (const auto& c : e.failed)
        c->turn.fail(e.why);
    if (!e.next)
        return;
    if (!e.for_next.held()) {  // lost before anybody had it: the next in the queue is still the next
        {
            const std::lock_guard lock{mutex_};
            queue_.push_front(std::move(e.next));
        }
        returned(e.turn, std::move(e.for_next)).release_in_background();
        return;
    }
    e.next->turn.bring(lent(std::move(e.for_next), e.turn, std::move(e.next->present)));
}

namespace {

error_code code_of(const std::exception_ptr& failed)
{
    if (!failed)
        return {};
    try {
        std::rethrow_exception(failed);
    } catch (const boost::system::system_error& e) {
        return e.code();
    } catch (...) {  // nothing else is thrown but for want of memory
        return make_error_code(boost::system::errc::not_enough_memory);
    }
}

}  // namespace

void local_line::ask(std::uint64_t turn, const std::string& purpose, const signal& stop)
{
    acquire_options how;
    how.purpose = purpose;
    auto request = std::make_shared<const line_request>(request_for(get_session(), path_, "acquire", how));
    const auto& executor = all_->errands();
    asio::post(executor, [self = shared_from_this(), turn, stop, executor, request = std::move(request)]() mutable {
        auto told = [self, stop](const std::exception_ptr& failed, lease granted) {
            self->asked(code_of(failed), std::move(granted));
        };
        co_spawn(executor, take_turn(std::move(request), self->mark_of(turn)),
                 asio::bind_cancellation_slot(stop->slot(), std::move(told)));
    });
}

void local_line::look_out(std::uint64_t turn, epoch in, const signal& stop)
{
    const auto& executor = all_->errands();
    asio::post(executor, [weak = weak_from_this(), s = get_session(), path = path_, in, turn, stop, executor] {
        auto is_alone = [weak, turn] {
            if (const auto self = weak.lock())
                self->alone(turn);
        };
        auto ended = [weak, turn, stop](const std::exception_ptr& /*none*/, error_code /*why*/) {
            // Also when it could not look any more: then nothing may be kept.
            if (const auto self = weak.lock())
                self->others_came(turn);
        };
        co_spawn(executor, s.converse(std::make_shared<lookout>(path, std::move(is_alone)), in),
                 asio::bind_cancellation_slot(stop->slot(), std::move(ended)));
    });
}

}  // namespace turnstile::inline v0::detail
