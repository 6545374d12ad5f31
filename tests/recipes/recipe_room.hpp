// What tests of one recipe need: a server in memory or a real one, sessions on it, and coroutines that wait.
#pragma once

#include "support/async_runner.hpp"
#include "support/backend.hpp"
#include "support/error_of.hpp"
#include "support/eventually.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace turnstile::test {

class recipe_on : public ::testing::TestWithParam<backend_kind> {
protected:
    static constexpr auto patience = std::chrono::seconds{15};

    session open() { return session::open(zk_->options()); }

    template <class T>
    static T wait(boost::asio::awaitable<T> what)
    {
        return blocking::wait(std::move(what));
    }

    void expect_depth(const std::string& line, std::size_t n)
    {
        EXPECT_TRUE(eventually([&] { return zk_->depth(line) == n; }))
            << line << ": depth " << zk_->depth(line) << " instead of " << n;
    }

    std::unique_ptr<backend> zk_ = make_backend(GetParam());
    async_runner run_;
};

}  // namespace turnstile::test
