// The session core's operations: admitted, queued, sent, answered, exactly once.
#include "session_core.hpp"

#include <turnstile/path.hpp>

#include "admission.hpp"
#include "session_core_guarded.hpp"

#include <algorithm>
#include <type_traits>

namespace turnstile::inline v0::detail {

namespace {

/// Ephemerals that came and went with one acknowledged operation.
void book(ephemeral_ledger& ledger, const operation& o, const outcome& answer)
{
    if (const auto* c = std::get_if<op::create>(&o); c && answer.ok() && is_ephemeral(c->mode))
        ledger.add(answer.path);
    if (const auto* e = std::get_if<op::erase>(&o); e && (answer.ok() || answer.ec == errc::no_node))
        ledger.remove(e->path);
    const auto* m = std::get_if<op::multi>(&o);
    if (!m || !answer.ok())
        return;
    for (std::size_t i = 0; i < m->steps.size() && i < answer.steps.size(); ++i) {
        if (const auto* c = std::get_if<op::create>(&m->steps[i]); c && is_ephemeral(c->mode))
            ledger.add(answer.steps[i].path);
        if (const auto* e = std::get_if<op::erase>(&m->steps[i]))
            ledger.remove(e->path);
    }
}

}  // namespace

void session_core::fly(std::vector<operation> operations, turnstile::epoch in,
                       unique_function<void(std::vector<outcome>)> done, std::shared_ptr<mailbox> box)
{
    auto f = std::make_shared<flight>(std::move(operations), std::move(done));
    f->in = in;
    f->box = std::move(box);
    f->errand = true;
    submit(std::move(f));
}

void session_core::submit(std::shared_ptr<flight> f)
{
    if (forked()) {  // a thread that this process does not have may hold the mutex
        f->answer_rest(errc::forked);
        f->done(std::move(f->answers));
        return;
    }
    prepare(*f);
    guarded g{*this};
    if (f->stage == flight_stage::landed)  // given up before it came here
        return;
    if (const auto refused = admit(*f)) {
        f->answer_rest(refused);
        land(g, *f);
        return;
    }
    if (f->together && waits_for_others(f))
        return;
    requeue(f);
    pump(g);
}

/// Fills in what the caller left to the session.
void session_core::prepare(flight& f) const
{
    const auto whole = [this](std::string& path) {
        if (options_.root != "/")
            path = rooted(path);
    };
    const auto complete = [&](auto& o) {
        using Op = std::decay_t<decltype(o)>;
        if constexpr (std::is_same_v<Op, op::create>) {
            if (o.access.is_session_default())
                o.access = options_.default_acl;
            if (is_sequential(o.mode) && o.path == "/" && options_.root != "/") {
                o.path = options_.root + "/";  // the number is a child of the root, not the end of the root's name
                return;
            }
        }
        if constexpr (std::is_same_v<Op, op::multi> || std::is_same_v<Op, op::config>)
            return;
        else
            whole(o.path);
    };
    for (auto& o : f.operations) {
        std::visit(complete, o);
        if (auto* m = std::get_if<op::multi>(&o))
            for (auto& s : m->steps)
                std::visit(complete, s);
    }
}

error_code session_core::admit(flight& f) const
{
    admission a{options_.payload_max};
    for (const auto& o : f.operations)
        std::visit(a, o);
    if (a.ec)
        return a.ec;
    if (gives_nothing_more())
        return reason_when_over();
    if (f.in != epoch::none && (f.in != epoch_ || epoch_over_))
        return errc::session_expired;
    if (f.box && f.box->over)
        return f.box->over;
    f.watch_bytes = a.watch_bytes;
    f.ephemeral_bytes = a.ephemeral_bytes;
    if (const auto refused = over_limit(f))
        return refused;
    if (queued_count_ + groups_.waiting() >= options_.queued_max && !f.errand)
        return errc::too_many_operations;
    return {};
}

error_code session_core::over_limit(const flight& f) const
{
    if (f.watch_bytes != 0 && !watches_.has_room(f.watch_bytes))
        return errc::too_many_watches;
    if (f.ephemeral_bytes != 0 && !ephemerals_.has_room(f.ephemeral_bytes))
        return errc::too_many_ephemerals;
    return {};
}

void session_core::requeue(const std::shared_ptr<flight>& f)
{
    if (f->is_linked())
        f->unlink();
    f->expect_answers();
    f->stage = flight_stage::queued;
    queued_.push_back(f);
    ++queued_count_;
}

void session_core::pump(guarded& g)
{
    while (!queued_.empty()) {
        const auto f = queued_.front();
        if (f->stage != flight_stage::queued) {
            queued_.pop_front();
            continue;
        }
        const bool open = state_ == connection_state::connected && client_ && !client_refuses_;
        // A flight that is larger than the limit goes alone.
        const bool room = in_flight_ == 0 || in_flight_ + f->operations.size() <= options_.in_flight_max;
        if (!open || !room)
            return;
        if (const auto refused = over_limit(*f)) {  // others, that stood ahead, have used the room up since
            f->answer_rest(refused);
            land(g, *f);
            continue;
        }
        if (!send(g, f))
            return;
    }
}

/// False: the client is not connected any more, and the flight stays where it is.
bool session_core::send(guarded& g, const std::shared_ptr<flight>& f)
{
    f->core = shared_from_this();
    f->sent = boot_clock::now();
    for (std::size_t i = 0; i < f->operations.size(); ++i) {
        const auto& o = f->operations[i];
        completion answer = [f, attempt = f->attempt, index = static_cast<std::uint32_t>(i), in = epoch_](outcome out) {
            f->core->on_answer(f, attempt, index, in, std::move(out));
        };
        const auto refused = still_watched(o) ? error_code{errc::no_node} : client_->submit(o, std::move(answer));
        // The client is down, and its event is on the way: nothing more goes to it.
        if (refused == errc::not_connected || session_over(refused)) {
            client_refuses_ = true;
            if (f->stage == flight_stage::queued)
                return false;
            for (; i < f->operations.size(); ++i)  // in their order, or not at all
                f->answer(i, outcome{refused});
            break;
        }
        if (f->stage == flight_stage::queued) {
            queued_.pop_front();
            --queued_count_;
            f->stage = flight_stage::sent;
            aloft_.push_back(*f);
        }
        if (refused) {  // this one can never be sent: that is its answer
            f->answer(i, outcome{refused});
            continue;
        }
        f->was_sent = true;
        ++in_flight_;
        if (const auto* path = watched_path(o))
            watches_.expect(*path);
        ephemerals_.expect(ephemeral_bytes_of(o));
    }
    if (f->missing == 0)
        conclude(g, f);
    return true;
}

/// Somebody has begun to watch the path since it was decided to forget it; libzookeeper would forget that watch too.
bool session_core::still_watched(const operation& o) const
{
    const auto* f = std::get_if<op::forget_watches>(&o);
    return f && watches_.watched(f->path);
}

void session_core::on_answer(const std::shared_ptr<flight>& f, std::uint32_t attempt, std::size_t index,
                             turnstile::epoch sent_in, outcome o)
{
    guarded g{*this};
    --in_flight_;
    const auto& asked = f->operations[index];
    const bool current = f->stage == flight_stage::sent && f->attempt == attempt;
    ephemerals_.settled(ephemeral_bytes_of(asked));
    // An answer to a former session proves nothing about this one.
    if (!epoch_over_ && sent_in == epoch_) {
        book(ephemerals_, asked, o);
        if (o.ok() && !is_read(asked) && !std::holds_alternative<op::forget_watches>(asked))
            clock_->acknowledged(f->sent);
        settle_watch(g, *f, current, asked, o);
    }
    if (current) {
        f->answer(index, std::move(o));
        if (f->missing == 0)
            conclude(g, f);
    }
    if (in_flight_ == 0 && let_go_when_idle_)
        let_go(g);
    pump(g);
}

void session_core::settle_watch(guarded& g, flight& f, bool current, const operation& o, const outcome& answer)
{
    const auto* path = watched_path(o);
    if (!path)
        return;
    watches_.settled(*path);
    const bool left_watch = answer.ok() || (answer.ec == errc::no_node && std::holds_alternative<op::exists>(o));
    // After a doubt an earlier watch may be there, which was not forgotten because this one was expected.
    if (!left_watch && !in_doubt(answer.ec))
        return;
    if (left_watch && current && f.box && !f.box->over) {
        f.box->in = epoch_;
        watches_.add(*path, std::holds_alternative<op::children>(o) ? watch_subject::children : watch_subject::node, f.box);
    } else if (!watches_.watched(*path)) {
        // Nobody waits for it any more: the servers shall not keep it either.
        g.after([self = shared_from_this(), p = unrooted(*path), in = epoch_] {
            self->fly({op::forget_watches{p}}, in, [](const std::vector<outcome>&) {});
        });
    }
}

void session_core::conclude(guarded& g, const std::shared_ptr<flight>& f)
{
    const bool unanswered = std::any_of(f->answers.begin(), f->answers.end(), [](const outcome& o) {
        return in_doubt(o.ec) || o.ec == errc::session_expired || o.ec == errc::not_connected;
    });
    const bool epoch_allows = f->in == epoch::none || (f->in == epoch_ && !epoch_over_);
    if (unanswered && f->repeatable && epoch_allows && !gives_nothing_more()) {
        requeue(f);
        return;
    }
    if (f->in == epoch::none)  // "expired" would sound as if it had not been executed
        for (auto& o : f->answers)
            if (o.ec == errc::session_expired && f->was_sent)
                o.ec = errc::connection_loss;
    land(g, *f);
}

void session_core::land(guarded& g, flight& f)
{
    if (f.stage == flight_stage::queued)
        --queued_count_;
    if (f.is_linked())
        f.unlink();
    f.stage = flight_stage::landed;
    if (groups_.landed(f) && groups_.may_depart())
        g.after([self = shared_from_this()] {
            guarded later{*self};
            self->depart(later);
        });
    if (!f.members.empty())
        return arrive(g, f);
    if (options_.root != "/")
        for (auto& o : f.answers) {
            o.path = unrooted(std::move(o.path));
            for (auto& s : o.steps)
                s.path = unrooted(std::move(s.path));
        }
    g.after([landed = f.shared_from_this()] {
        auto done = std::move(landed->done);
        done(std::move(landed->answers));
    });
}

void session_core::give_up(flight& f, error_code ec)
{
    guarded g{*this};
    if (f.stage == flight_stage::landed)
        return;
    if (ec == errc::deadline_exceeded && !f.was_sent)
        ec = errc::not_connected;
    f.answer_rest(ec);
    land(g, f);
    if (queued_.size() > 2 * queued_count_ + 1'024)  // while nothing is sent, nothing else takes them out
        std::erase_if(queued_, [](const auto& q) { return q->stage == flight_stage::landed; });
}

}  // namespace turnstile::inline v0::detail
