#include "turn.hpp"

#include "desk/order_book.hpp"
#include "lane_turn.hpp"
#include "pinned_transaction.hpp"

#include <map>
#include <utility>

namespace orderdesk {

namespace {

constexpr int attempts_max = 20;  // of one request, with the guard "version"

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

}  // namespace

nlohmann::json answer(const char* outcome, const std::string& why) { return {{"outcome", outcome}, {"why", why}}; }

nlohmann::json unknown_answer(const std::string& why)
{
    auto a = answer("unknown", why);
    a["retry_after_ms"] = 200;
    return a;
}

void add_guard_options(CLI::App& app, guard_options& options)
{
    const std::map<std::string, guard> kinds{
        {"none", guard::none}, {"version", guard::version}, {"row", guard::row}, {"lane", guard::lane}};
    app.add_option("--guard", options.kind, "What keeps two changes of one order apart: none, version, row, lane")
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
      lane_{guarded.kind == guard::lane ? std::make_unique<const lane_keeper>(service, guarded, log) : nullptr}
{
}

turnkeeper::~turnkeeper() = default;

nlohmann::json turnkeeper::take_turn(database& db, order_id id, const std::string& operation, const std::string& request,
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
            case guard::lane:
                return lane_->take_turn(db, id, operation, request, work);
        }
        throw std::logic_error{"a guard that nobody knows"};
    } catch (const fenced_off& e) {
        return answer("refused", e.what());
    }
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
