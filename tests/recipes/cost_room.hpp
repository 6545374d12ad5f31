// What tests of costs need: a server in memory behind a seam that counts, and coroutines that wait.
#pragma once

#include "support/async_runner.hpp"
#include "support/eventually.hpp"

#include <turnstile/blocking.hpp>
#include <turnstile/testing/faults.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {

class cost_room : public ::testing::Test {
protected:
    /// Connected, so that nothing of that is counted with what comes.
    session open()
    {
        session_options o;
        o.transport = seam_.transport();
        auto s = session::open(o);
        wait(s.connected(std::chrono::seconds{10}));
        return s;
    }

    template <class T>
    static T wait(boost::asio::awaitable<T> what)
    {
        return blocking::wait(std::move(what));
    }

    std::vector<std::string> verbs() const
    {
        std::vector<std::string> out;
        for (const auto& o : seam_.operations())
            out.push_back(o.verb);
        return out;
    }

    /// Round trips can be told apart only when they take longer than submitting does.
    static testing::memory_server_options slow()
    {
        testing::memory_server_options o;
        o.round_trip = std::chrono::milliseconds{3};
        return o;
    }

    testing::memory_server server_{slow()};
    testing::faults seam_{server_.transport()};
    async_runner run_;
};

}  // namespace turnstile::test
