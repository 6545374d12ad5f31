// Reads that travel together, one of which has lost its answer when the deadline comes.
#include <turnstile/blocking.hpp>
#include <turnstile/pipeline.hpp>
#include <turnstile/session.hpp>

#include "client.hpp"

#include <support/async_runner.hpp>
#include <support/eventually.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace turnstile::test {
namespace {

using namespace std::chrono_literals;

/// Is connected at once, and leaves the answers to the test.
class scripted_transport final : public detail::transport {
public:
    std::shared_ptr<detail::client> open(detail::client_settings, std::shared_ptr<detail::client_events> events) override
    {
        detail::session_identity identity;
        identity.id = 7;
        events->on_connected(identity, 10s);
        return std::make_shared<scripted_client>(*this);
    }

    std::size_t outstanding() const
    {
        const std::lock_guard lock{mutex_};
        return outstanding_.size();
    }
    void answer_first(error_code ec)
    {
        std::unique_lock lock{mutex_};
        auto done = std::move(outstanding_.front());
        outstanding_.erase(outstanding_.begin());
        lock.unlock();
        done(outcome{ec});
    }

private:
    class scripted_client final : public detail::client {
    public:
        explicit scripted_client(scripted_transport& t) : script_{t} {}
        error_code submit(const operation&, detail::completion done) override
        {
            const std::lock_guard lock{script_.mutex_};
            script_.outstanding_.push_back(std::move(done));
            return {};
        }
        void close(bool, detail::unique_function<void()> closed) override
        {
            while (script_.outstanding() != 0)
                script_.answer_first(errc::closing);
            closed();
        }

    private:
        scripted_transport& script_;
    };

    mutable std::mutex mutex_;
    std::vector<detail::completion> outstanding_;
};

}  // namespace

TEST(interrupted_flight, EndsWithTheDeadlineAlsoForTheReadThatWouldHaveBeenRepeated)
{
    const auto script = std::make_shared<scripted_transport>();
    async_runner runner;
    session_options o;
    o.transport = script;
    auto s = std::make_unique<session>(session::open(std::move(o)));
    pipeline look;
    look.add(op::sync{"/"}).add(op::children{"/"});
    auto answers = runner.spawn(s->run(std::move(look), 100ms));
    ASSERT_TRUE(eventually([&] { return script->outstanding() == 2; }));
    script->answer_first(errc::connection_loss);

    const auto all = answers.get();
    EXPECT_EQ(all[0].ec, errc::deadline_exceeded) << "it would have been asked again: why it was not is the deadline";
    EXPECT_EQ(all[1].ec, errc::deadline_exceeded);
    blocking::wait(s->close());
}

}  // namespace turnstile::test
