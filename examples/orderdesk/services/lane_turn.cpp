#include "lane_turn.hpp"

#include "desk/fenced_order.hpp"
#include "desk/order_book.hpp"
#include "desk/resources.hpp"
#include "desk/turn_log.hpp"
#include "pinned_transaction.hpp"

#include <turnstile/error.hpp>
#include <turnstile/recipes/blocking_lane.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr auto outage_retry_after = 250ms;

/// The number at the end of a place's path.
std::int64_t place_of(const std::string& path)
{
    const auto digits = path.find_last_not_of("0123456789") + 1;
    return digits < path.size() ? std::stoll(path.substr(digits)) : 0;
}

/// The row remembers who entered last, and listens to nobody else.
class fenced_turn final : public turn {
public:
    fenced_turn(database& db, event_log& log, order_id id, turn_entry entry, turnstile::turn& held)
        : db_{db}, log_{log}, entry_{std::move(entry)}, held_{held}
    {
        pinned_transaction t{db_, log_};
        auto entered = fenced_order::enter(db_, id, held_.fence());
        if (!entered)
            throw fenced_off{"somebody newer was here"};
        order_ = *std::move(entered);
        order_.seen = append_history(db_, id, newest_entry(db_, id), by(action::entered, entry_.request));
        append_turn(db_, entry_, order_.seen);
        t.commit();
        if (held_.predecessor_died())
            log_.tell(event::told, id, entry_.request, {{"intent", held_.predecessor_intent()}});
    }

    const order& entered() const override { return order_; }
    void check() const override { held_.check(); }

    void write(const order& o, const char* what) override { write_for(entry_.request, o, what); }

    void write_for(const std::string& request, const order& o, const char* what) override
    {
        if (const auto rows = write_row(request, o, what); rows == 0) {
            note_refused_write(db_, entry_);
            log_.tell(event::fenced, o.id, entry_.request, {{"token", held_.fence()}, {"rows", rows}});
            throw fenced_off{"somebody newer holds the order"};
        }
        log_.tell(event::wrote, o.id, entry_.request, {{"action", what}});
    }

    void declare(const std::string& intent) override { turnstile::blocking::wait(held_.declare(intent)); }

    std::optional<std::string> left_behind() const override
    {
        return held_.predecessor_died() ? std::optional{held_.predecessor_intent()} : std::nullopt;
    }

    void reconciled() override { held_.reconciled(); }

private:
    /// How many rows were changed. None: the row takes writes of a newer turn only.
    std::int64_t write_row(const std::string& request, const order& o, const char* what)
    {
        pinned_transaction t{db_, log_};
        if (!fenced_order::write(db_, o, held_.fence()))
            return db_.changes();
        const auto entry = append_history(db_, o.id, order_.seen, by(what, request));
        t.commit();
        order_ = o;
        order_.seen = entry;
        return 1;
    }

    deed by(const char* what, const std::string& request) const { return {log_.process(), request, what, held_.fence()}; }

    database& db_;
    event_log& log_;
    turn_entry entry_;
    turnstile::turn& held_;
    order order_;
};

turnstile::blocking::session connect(const service_options& service, const guard_options& guarded)
{
    turnstile::session_options options{guarded.servers};
    options.root = guarded.root;
    options.label = service.name;
    options.session_timeout = std::chrono::milliseconds{guarded.session_timeout_ms};
    auto opened = turnstile::session::open(options);
    turnstile::blocking::wait(opened.connected(30s));
    return turnstile::blocking::session{opened};
}

nlohmann::json come_again(const std::string& why, std::chrono::milliseconds after)
{
    auto a = answer("come again", why);
    a["retry_after_ms"] = after.count();
    return a;
}

/// Of a turn that was lost: nothing had been declared, so nothing has happened; or something had, and the next one knows.
nlohmann::json lost_answer(turnstile::turn_loss how)
{
    if (how == turnstile::turn_loss::before_effect)
        return come_again("the turn was lost before anything was done", 0ms);
    return unknown_answer("the turn was lost on the way; the next one has been told");
}

}  // namespace

lane_keeper::lane_keeper(const service_options& service, const guard_options& guarded, event_log& log)
    : log_{log},
      patience_{guarded.patience_ms},
      session_{connect(service, guarded)},
      desk_{session_.wait(turnstile::lane::open(session_, {resource::order::definition()}))}
{
    log_.tell(event::session, 0, {}, {{"timeout_ms", session_->timeout().count()}});
}

lane_keeper::~lane_keeper() { session_.close(); }

nlohmann::json lane_keeper::take_turn(database& db, order_id id, const std::string& operation, const std::string& request,
                                      const std::function<nlohmann::json(turn&)>& work) const
{
    log_.tell(event::queued, id, request);
    try {
        // The turn first, the database transaction then: the other order deadlocks.
        auto came = turnstile::blocking::run(
            desk_, resource::order::key(id), {operation + " " + request, patience_}, [&](turnstile::turn& held) {
                log_.tell(event::granted, id, request, {{"token", held.fence()}});
                fenced_turn now{
                    db,
                    log_,
                    id,
                    {key_of(id), held.fence(), place_of(held.holding().path()), operation, log_.process(), request},
                    held};
                auto answered = work(now);
                log_.tell(event::released, id, request, {{"outcome", answered.at("outcome")}});
                return answered;
            });
        if (came)
            return std::move(came).value();
        if (came.was_lost())
            return lost_answer(came.lost());
        const auto& r = came.refused();
        log_.tell(event::refused, id, request, {{"why", to_string(r.why)}, {"position", r.position}});
        return come_again(std::string{to_string(r.why)}, r.retry_after);
    } catch (const turnstile::error& e) {
        log_.tell(event::refused, id, request, {{"why", e.code().message()}});
        return come_again(e.code().message(), outage_retry_after);
    }
}

}  // namespace orderdesk
