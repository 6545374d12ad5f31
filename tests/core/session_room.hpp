// What the tests of the session share: a session on a server, and codes instead of exceptions.
#pragma once

#include <turnstile/blocking.hpp>
#include <turnstile/session.hpp>

#include <support/async_runner.hpp>
#include <support/backend.hpp>
#include <support/eventually.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace turnstile::test {

using namespace std::chrono_literals;
using blocking::wait;

/// How an awaitable ends; no error when it ends well.
template <class T>
error_code failure_of(boost::asio::awaitable<T> what)
{
    try {
        static_cast<void>(wait(std::move(what)));
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

template <class T>
error_code failure_of(running<T>& what)
{
    try {
        static_cast<void>(what.get());
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

/// A session on the server in memory, and on a real one.
class session_room : public ::testing::TestWithParam<backend_kind> {
protected:
    session open() { return session::open(server_->options()); }
    session open(std::chrono::milliseconds session_timeout)
    {
        auto o = server_->options();
        o.session_timeout = session_timeout;
        return session::open(std::move(o));
    }

    /// The next epoch is up.
    static bool renewed(const session& s, epoch old)
    {
        return eventually([&] { return s.state() == connection_state::connected && s.epoch() != old; });
    }

    const std::unique_ptr<backend> server_ = make_backend(GetParam());
};

}  // namespace turnstile::test
