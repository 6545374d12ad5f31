#include "turn.hpp"

#include "desk/fenced_order.hpp"
#include "desk/order_book.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <map>
#include <utility>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr int attempts_max = 20;  // of one request, with the guard "version"

/// A transaction, and the connection that it keeps from others meanwhile.
class pinned_transaction {
public:
    pinned_transaction(database& db, event_log& log) : log_{log}, in_{db} {}
    pinned_transaction(const pinned_transaction&) = delete;
    pinned_transaction& operator=(const pinned_transaction&) = delete;
    ~pinned_transaction() { log_.tell(event::pinned, 0, {}, {{"since", began_}}); }

    void commit() { in_.commit(); }

private:
    event_log& log_;
    const std::int64_t began_ = now_us();  // before it begins: SQLite lets it wait there
    transaction in_;
};

/// Check, then act: correct whenever nobody else comes in between.
class unguarded_turn final : public turn {
public:
    unguarded_turn(database& db, event_log& log, order_id id, std::string request)
        : db_{db}, log_{log}, request_{std::move(request)}, order_{read_order(db, id)}
    {
    }

    const order& entered() const override { return order_; }
    void check() const override {}

    void write(const order& o, const char* what) override
    {
        pinned_transaction t{db_, log_};
        write_order(db_, o);
        order_.seen = append_history(db_, o.id, order_.seen, {log_.process(), request_, what, std::nullopt});
        t.commit();
        log_.tell(event::wrote, o.id, request_, {{"action", what}});
    }

private:
    database& db_;
    event_log& log_;
    std::string request_;
    order order_;
};

/// The row counts its writes: a write that has not seen all of them is refused.
class version_turn final : public turn {
public:
    version_turn(database& db, event_log& log, order_id id, std::string request, int attempt)
        : db_{db}, log_{log}, request_{std::move(request)}, order_{read_order(db, id)}, attempt_{attempt}
    {
    }

    const order& entered() const override { return order_; }
    void check() const override {}
    bool declares() const override { return false; }
    int attempt() const override { return attempt_; }

    void write(const order& o, const char* what) override
    {
        pinned_transaction t{db_, log_};
        order next = o;
        next.version = order_.version;
        if (!write_order_if_unchanged(db_, next))
            throw stale{"somebody has changed the order meanwhile"};
        order_.seen = append_history(db_, o.id, order_.seen, {log_.process(), request_, what, std::nullopt});
        ++order_.version;
        t.commit();
        log_.tell(event::wrote, o.id, request_, {{"action", what}});
    }

private:
    database& db_;
    event_log& log_;
    std::string request_;
    order order_;
    int attempt_;
};

/// The database keeps the row for us as long as its transaction is open.
class row_turn final : public turn {
public:
    row_turn(database& db, event_log& log, order_id id, std::string request)
        : db_{db}, log_{log}, request_{std::move(request)}, in_{db, log}, order_{read_order_for_update(db, id)}
    {
    }

    const order& entered() const override { return order_; }
    void check() const override {}

    void write(const order& o, const char* what) override
    {
        write_order(db_, o);
        order_.seen = append_history(db_, o.id, order_.seen, {log_.process(), request_, what, std::nullopt});
        log_.tell(event::wrote, o.id, request_, {{"action", what}});
    }

    void commit() { in_.commit(); }

private:
    database& db_;
    event_log& log_;
    std::string request_;
    pinned_transaction in_;
    order order_;
};

/// The row remembers who entered last, and listens to nobody else.
class fenced_turn final : public turn {
public:
    fenced_turn(database& db, event_log& log, order_id id, std::string request, const turnstile::lease& held)
        : db_{db}, log_{log}, request_{std::move(request)}, held_{held}
    {
        pinned_transaction t{db_, log_};
        auto entered = fenced_order::enter(db_, id, held_.token());
        if (!entered)
            throw fenced_off{"somebody newer was here"};
        order_ = *std::move(entered);
        order_.seen = append_history(db_, id, newest_entry(db_, id), by(action::entered));
        t.commit();
    }

    const order& entered() const override { return order_; }
    void check() const override { held_.check(); }

    void write(const order& o, const char* what) override
    {
        pinned_transaction t{db_, log_};
        if (!fenced_order::write(db_, o, held_.token())) {
            log_.tell(event::fenced, o.id, request_, {{"token", held_.token()}, {"rows", db_.changes()}});
            throw fenced_off{"somebody newer holds the order"};
        }
        order_.seen = append_history(db_, o.id, order_.seen, by(what));
        t.commit();
        log_.tell(event::wrote, o.id, request_, {{"action", what}});
    }

private:
    deed by(const char* what) const { return {log_.process(), request_, what, held_.token()}; }

    database& db_;
    event_log& log_;
    std::string request_;
    const turnstile::lease& held_;
    order order_;
};

std::optional<turnstile::blocking::session> connect(const service_options& service, const guard_options& guarded)
{
    if (guarded.kind != guard::lock)
        return std::nullopt;
    turnstile::session_options options{guarded.servers};
    options.root = guarded.root;
    options.label = service.name;
    options.session_timeout = std::chrono::milliseconds{guarded.session_timeout_ms};
    auto opened = turnstile::session::open(options);
    turnstile::blocking::wait(opened.connected(30s));
    return turnstile::blocking::session{opened};
}

}  // namespace

nlohmann::json answer(const char* outcome, const std::string& why) { return {{"outcome", outcome}, {"why", why}}; }

void add_guard_options(CLI::App& app, guard_options& options)
{
    const std::map<std::string, guard> kinds{
        {"none", guard::none}, {"version", guard::version}, {"row", guard::row}, {"lock", guard::lock}};
    app.add_option("--guard", options.kind, "What keeps two changes of one order apart: none, version, row, lock")
        ->transform(CLI::CheckedTransformer{kinds, CLI::ignore_case});
    app.add_option("--orders", options.orders, "The order database: a file, or postgresql: and where it is");
    app.add_option("--zookeeper", options.servers, "host:port,host:port of the ensemble");
    app.add_option("--root", options.root, "Everything in ZooKeeper lies under this path")->capture_default_str();
    app.add_option("--session-timeout", options.session_timeout_ms, "Milliseconds until a dead process loses its locks")
        ->capture_default_str();
}

turnkeeper::turnkeeper(const service_options& service, const guard_options& guarded, event_log& log)
    : kind_{guarded.kind},
      orders_{guarded.orders.empty() ? service.file("orders.db").string() : guarded.orders},
      log_{log},
      patience_{guarded.patience_ms},
      session_{connect(service, guarded)}
{
    if (session_)
        log_.tell(event::session, 0, {}, {{"timeout_ms", (*session_)->timeout().count()}});
}

turnkeeper::~turnkeeper()
{
    if (session_)
        session_->close();
}

nlohmann::json turnkeeper::take_turn(database& db, order_id id, const std::string& request,
                                     const std::function<nlohmann::json(turn&)>& work) const
{
    try {
        switch (kind_) {
            case guard::none:
                return without_guard(db, id, request, work);
            case guard::version:
                return by_version(db, id, request, work);
            case guard::row:
                return with_row_locked(db, id, request, work);
            case guard::lock:
                return under_lock(db, id, request, work);
        }
        throw std::logic_error{"a guard that nobody knows"};
    } catch (const fenced_off& e) {
        return answer("refused", e.what());
    } catch (const turnstile::error& e) {
        return answer("refused", e.code().message());
    }
}

nlohmann::json turnkeeper::under_lock(database& db, order_id id, const std::string& request,
                                      const work_of_a_turn& work) const
{
    log_.tell(event::queued, id, request);
    turnstile::mutex order_lock{*session_, "/locks/orders/" + std::to_string(id)};
    turnstile::acquire_options how{patience_};
    how.purpose = request;
    // Lock first, then open the database transaction: the other order deadlocks.
    turnstile::lease held = session_->wait(order_lock.acquire(how));
    log_.tell(event::granted, id, request, {{"token", held.token()}});

    fenced_turn now{db, log_, id, request, held};
    auto answered = work(now);

    log_.tell(event::released, id, request);
    held.release_in_background();
    return answered;
}

nlohmann::json turnkeeper::without_guard(database& db, order_id id, const std::string& request,
                                         const work_of_a_turn& work) const
{
    unguarded_turn now{db, log_, id, request};
    log_.tell(event::granted, id, request, {{"token", 0}});
    auto answered = work(now);
    log_.tell(event::released, id, request);
    return answered;
}

nlohmann::json turnkeeper::by_version(database& db, order_id id, const std::string& request,
                                      const work_of_a_turn& work) const
{
    for (int attempt = 1; attempt <= attempts_max; ++attempt) {
        version_turn now{db, log_, id, request, attempt};
        log_.tell(event::granted, id, request, {{"token", 0}});
        try {
            auto answered = work(now);
            log_.tell(event::released, id, request);
            return answered;
        } catch (const stale&) {
            log_.tell(event::released, id, request);
        }
    }
    return answer("refused", "changed by others too often");
}

nlohmann::json turnkeeper::with_row_locked(database& db, order_id id, const std::string& request,
                                           const work_of_a_turn& work) const
{
    log_.tell(event::queued, id, request);
    row_turn now{db, log_, id, request};
    log_.tell(event::granted, id, request, {{"token", 0}});
    auto answered = work(now);
    now.commit();
    log_.tell(event::released, id, request);
    return answered;
}

}  // namespace orderdesk
