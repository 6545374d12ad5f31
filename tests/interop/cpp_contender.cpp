// interop_contender: a process that stands in lines with Turnstile; see contender.hpp for what it is told.
#include "../chaos/resource_client.hpp"

#include <turnstile/recipes/mutex.hpp>
#include <turnstile/recipes/shared_mutex.hpp>
#include <turnstile/result.hpp>
#include <turnstile/session.hpp>
#include <turnstile/testing/history.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace turnstile;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using testing::history_event;
using testing::history_event_type;
using testing::holding_kind;

struct arguments {
    std::string name;
    std::string servers;
    std::int64_t session_timeout = 0;
    std::string path;
    std::string key;
    std::string history;
    std::string resource;
    std::string as;
    int callers = 1;
    std::string stop;
    std::string stay;
};

void declare(CLI::App& app, arguments& a)
{
    app.add_option("--name", a.name)->required();
    app.add_option("--servers", a.servers)->required();
    app.add_option("--session-timeout", a.session_timeout)->required();
    app.add_option("--path", a.path)->required();
    app.add_option("--key", a.key)->required();
    app.add_option("--history", a.history)->required();
    app.add_option("--resource", a.resource)->required();
    app.add_option("--as", a.as)->required()->check(CLI::IsMember({"mutex", "reader", "writer", "mixed"}));
    app.add_option("--callers", a.callers)->required();
    app.add_option("--stop", a.stop)->required();
    app.add_option("--stay", a.stay)->required();
    app.allow_extras();  // what others need
}

session open(const arguments& a)
{
    session_options o{a.servers};
    o.session_timeout = std::chrono::milliseconds{a.session_timeout};
    o.label = "turnstile";
    return session::open(std::move(o));
}

holding_kind kind_of(const std::string& as, int call)
{
    if (as == "mutex")
        return holding_kind::mutex;
    // Of mixed callers in every language, one call in four is a writer's.
    const bool writes = as == "writer" || (as == "mixed" && call % 4 == 0);
    return writes ? holding_kind::writer : holding_kind::reader;
}

/// Takes turns, writes under their tokens, and writes down what it does.
class caller {
public:
    caller(const arguments& a, session s, testing::history_recorder& log, asio::io_context& context, int number)
        : arguments_{a},
          session_{std::move(s)},
          log_{log},
          resource_{context, a.resource},
          name_{a.name + "/" + std::to_string(number)}
    {
    }

    asio::awaitable<void> live()
    {
        while (!std::filesystem::exists(arguments_.stop))
            co_await section();
    }

private:
    asio::awaitable<void> section()
    {
        const auto kind = kind_of(arguments_.as, ++calls_);
        const auto op = name_ + "-" + std::to_string(calls_);
        history_event asked{history_event_type::invoke, op, arguments_.key};
        asked.session = session_.id();
        log_.append(asked);
        auto got = co_await as_result(take(kind, op));
        if (got)
            co_return co_await use(op, kind, std::move(*got));
        history_event failed{history_event_type::failed, op, arguments_.key};
        failed.detail = got.error().message();
        log_.append(failed);
    }

    asio::awaitable<void> use(std::string op, holding_kind kind, lease held)
    {
        log_.append(event_of(history_event_type::granted, op, kind, held));
        co_await write(op, kind, held);
        co_await until_there(arguments_.stay);
        co_await write(op, kind, held);
        log_.append(event_of(held ? history_event_type::released : history_event_type::lost, op, kind, held));
        held.release_in_background();
    }

    asio::awaitable<lease> take(holding_kind kind, std::string op)
    {
        acquire_options how;
        how.purpose = op;
        shared_mutex shared{session_, arguments_.path};
        if (kind == holding_kind::reader)
            co_return co_await shared.acquire_shared(how);
        if (kind == holding_kind::writer)
            co_return co_await shared.acquire(how);
        mutex alone{session_, arguments_.path};
        co_return co_await alone.acquire(how);
    }

    /// Who knows that it has lost writes all the same: it is the late one of which resources have to beware.
    asio::awaitable<void> write(std::string op, holding_kind kind, lease& held)
    {
        const auto now = boot_clock::now().time_since_epoch();
        auto effect = event_of(history_event_type::effect, op, kind, held);
        effect.process = log_.process();
        // Whoever parses it wants stamps; those that count are the resource's.
        effect.monotonic = effect.boot = now;
        effect.zombie = !held.held();
        effect.checked = effect.zombie ? 0ns : now;
        co_await resource_.apply(std::move(effect));
    }

    asio::awaitable<void> until_there(std::filesystem::path file)
    {
        asio::steady_timer bell{co_await asio::this_coro::executor};
        while (!std::filesystem::exists(file)) {
            bell.expires_after(2ms);
            co_await bell.async_wait(asio::use_awaitable);
        }
    }

    history_event event_of(history_event_type type, const std::string& op, holding_kind kind, const lease& held) const
    {
        history_event e{type, op, arguments_.key, held.token()};
        e.kind = kind;
        e.session = session_.id();
        e.held_until = held.held_until().time_since_epoch();
        return e;
    }

    const arguments& arguments_;
    session session_;
    testing::history_recorder& log_;
    chaos::resource_client resource_;
    const std::string name_;
    int calls_ = 0;
};

void stand_in_line(const arguments& a)
{
    asio::io_context context{1};
    testing::history_recorder log{a.history, a.name};
    const auto session = open(a);
    std::vector<std::unique_ptr<caller>> callers;
    for (int i = 0; i < a.callers; ++i) {
        callers.push_back(std::make_unique<caller>(a, session, log, context, i));
        asio::co_spawn(context, callers.back()->live(), [](std::exception_ptr failed) {
            // The judge sees a call without an answer; the log of this process says why.
            if (failed)
                std::rethrow_exception(failed);
        });
    }
    context.run();
    context.restart();
    asio::co_spawn(context, session.close(), [](std::exception_ptr) {});
    context.run();
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{"A contender for the tests of interoperation", "interop_contender"};
    arguments a;
    declare(app, a);
    CLI11_PARSE(app, argc, argv);
    try {
        stand_in_line(a);
    } catch (const std::exception& e) {
        std::cerr << a.name << ": " << e.what() << '\n';
        return 1;
    }
}
