// What every lock-like recipe promises, whatever else it can do: order, refusal, time-outs, cancellation, loss, sessions
// that end. Each body runs for each kind of lock, against the server in memory and against a real one. Numbers in comments
// are those of the project's list of scenarios.
//
// In each contest there are those who hold, and those who acquire and have to wait for them. Of most locks the two are the
// same; of a read/write lock they are not.
#pragma once

#include "lock_family.hpp"

#include "support/async_runner.hpp"
#include "support/backend.hpp"
#include "support/error_of.hpp"
#include "support/eventually.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace turnstile::test {

using namespace std::chrono_literals;

/// A kind of lock on a kind of server.
template <class Lock, backend_kind Where>
struct on {
    using kind = Lock;
    static constexpr backend_kind where = Where;
    static constexpr const char* name = Lock::name;
};

template <class Setting>
class lock_contract : public ::testing::Test {
protected:
    using Kind = typename Setting::kind;
    static constexpr auto patience = 15s;

    session open() { return session::open(zk_->options()); }
    /// Looks after its nodes soon: it does so a quarter of its timeout after it has taken them.
    session open_watchful()
    {
        auto o = zk_->options();
        o.session_timeout = 1s;
        return session::open(o);
    }

    template <class T>
    T wait(boost::asio::awaitable<T> what)
    {
        return blocking::wait(std::move(what));
    }

    void expect_depth(std::size_t n)
    {
        for (const auto& line : Kind::lines())
            EXPECT_TRUE(eventually([&] { return zk_->depth(line) == n; }))
                << line << ": depth " << zk_->depth(line) << " instead of " << n;
    }

    /// The path of the n-th in the (first) line.
    std::string node(std::size_t n)
    {
        const auto line = Kind::lines().front();
        auto names = zk_->children(line);
        std::sort(names.begin(), names.end(),
                  [](const auto& a, const auto& b) { return a.substr(a.size() - 10) < b.substr(b.size() - 10); });
        return line + "/" + names.at(n);
    }

    lease acquire(const session& s) { return wait(Kind::acquire(s, patience)); }
    lease hold(const session& s) { return wait(Kind::hold(s, patience)); }
    running<lease> wait_in_line(const session& s, acquire_options how = patience)
    {
        return run_.spawn(Kind::acquire(s, std::move(how)));
    }

    std::unique_ptr<backend> zk_ = make_backend(Setting::where);
    async_runner run_;
};

/// Those of which one at a time acquires.
template <class Setting>
class exclusive_lock_contract : public lock_contract<Setting> {
};

/// Those whose verbs take acquire_options.
template <class Setting>
class lock_options_contract : public lock_contract<Setting> {
};

template <backend_kind Where>
using every_lock =
    ::testing::Types<on<mutex_kind, Where>, on<writer_kind, Where>, on<writer_behind_readers_kind, Where>,
                     on<reader_behind_writers_kind, Where>, on<semaphore_kind, Where>, on<whole_semaphore_kind, Where>,
                     on<multi_kind, Where>, on<cohort_kind, Where>, on<leader_kind, Where>>;
template <backend_kind Where>
using every_exclusive_lock =
    ::testing::Types<on<mutex_kind, Where>, on<writer_kind, Where>, on<writer_behind_readers_kind, Where>,
                     on<semaphore_kind, Where>, on<whole_semaphore_kind, Where>, on<multi_kind, Where>,
                     on<cohort_kind, Where>, on<leader_kind, Where>>;
template <backend_kind Where>
using every_lock_with_options =
    ::testing::Types<on<mutex_kind, Where>, on<writer_kind, Where>, on<writer_behind_readers_kind, Where>,
                     on<reader_behind_writers_kind, Where>, on<semaphore_kind, Where>, on<whole_semaphore_kind, Where>,
                     on<multi_kind, Where>, on<cohort_kind, Where>>;

}  // namespace turnstile::test
