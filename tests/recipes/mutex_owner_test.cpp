// A place that belongs to another session is nobody's to hold.
#include <turnstile/blocking.hpp>
#include <turnstile/path.hpp>
#include <turnstile/recipes/mutex.hpp>
#include <turnstile/testing/memory_server.hpp>

#include "client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {
namespace {

/// Answers the first sequential create with another session as its owner: as if the session had changed on the way.
class misleading_transport final : public detail::transport {
public:
    explicit misleading_transport(std::shared_ptr<detail::transport> inner) : inner_{std::move(inner)} {}

    std::shared_ptr<detail::client> open(detail::client_settings settings,
                                         std::shared_ptr<detail::client_events> events) override
    {
        return std::make_shared<misleading_client>(inner_->open(std::move(settings), std::move(events)), misled_);
    }
    bool misled() const { return *misled_; }

private:
    using mark = std::shared_ptr<std::atomic<bool>>;

    class misleading_client final : public detail::client {
    public:
        misleading_client(std::shared_ptr<detail::client> inner, mark misled)
            : inner_{std::move(inner)}, misled_{std::move(misled)}
        {
        }
        error_code submit(const operation& o, detail::completion done) override
        {
            const auto* c = std::get_if<op::create>(&o);
            if (!c || c->mode != create_mode::ephemeral_sequential)
                return inner_->submit(o, std::move(done));
            return inner_->submit(o, [done = std::move(done), misled = misled_](outcome answer) mutable {
                if (answer.ok() && !misled->exchange(true))
                    ++answer.stat.ephemeral_owner;
                done(std::move(answer));
            });
        }
        void close(bool end_session, detail::unique_function<void()> closed) override
        {
            inner_->close(end_session, std::move(closed));
        }

    private:
        const std::shared_ptr<detail::client> inner_;
        const mark misled_;
    };

    const std::shared_ptr<detail::transport> inner_;
    const mark misled_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

TEST(mutex_owner, IsNeverGrantedAPlaceOfAnotherSession)
{
    testing::memory_server server;
    const auto misleading = std::make_shared<misleading_transport>(server.transport());
    session_options o;
    o.transport = misleading;
    const blocking::session s{o};
    mutex m{s, "/lock"};

    const auto held = s.wait(m.acquire());

    ASSERT_TRUE(misleading->misled());
    s.wait(s->swept());
    EXPECT_EQ(server.children("/lock"), std::vector<std::string>{std::string{path_name(held.path())}})
        << "the place that was not ours has been given up, and another one taken";
    EXPECT_EQ(server.stat(held.path()).czxid, held.token());
    EXPECT_TRUE(held.path().ends_with("0000000001"));
}

}  // namespace turnstile::test
