// Conversations: who is told what, and when nobody is told any more.
#include "session_room.hpp"

#include <turnstile/dialogue.hpp>
#include <turnstile/testing/memory_server.hpp>

#include <functional>
#include <vector>

namespace turnstile::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Asks one question and waits for one event; writes down all that it hears.
class diary final : public dialogue {
public:
    explicit diary(std::vector<operation> question) : question_{std::move(question)} {}

    move begin() override { return move::ask(std::move(question_)); }
    move answered(std::vector<outcome> answers) override
    {
        for (const auto& a : answers)
            heard.push_back(a.ec);
        return answers.back().ok() ? move::wait(until) : move::done(answers.back().ec);
    }
    move happened(const watch_event& event) override
    {
        events.push_back(event.type);
        return move::done();
    }
    move waited() override
    {
        ++times_waited;
        return move::done();
    }

    deadline until;
    std::vector<error_code> heard;
    std::vector<watch_event_type> events;
    int times_waited = 0;

private:
    std::vector<operation> question_;
};

std::vector<operation> one(operation o)
{
    std::vector<operation> q;
    q.push_back(std::move(o));
    return q;
}

class dialogue_on_memory : public ::testing::Test {
protected:
    session open()
    {
        session_options o;
        o.transport = server_.transport();
        auto s = session::open(o);
        wait(s.connected(10s));
        return s;
    }
    running<error_code> lead(const session& s, const std::shared_ptr<diary>& d, deadline until = {})
    {
        return run_.spawn(s.converse(d, s.epoch(), until));
    }

    testing::memory_server server_;
    async_runner run_;
};

TEST_F(dialogue_on_memory, AnswersAndEventsComeInTheirOrder)
{
    const auto s = open();
    server_.create("/a");
    const auto d = std::make_shared<diary>(one(op::get{"/a", true}));
    auto talk = lead(s, d);
    ASSERT_TRUE(eventually([&] { return server_.watch_count() == 1; }));
    server_.erase("/a");
    EXPECT_EQ(talk.get(), error_code{});
    EXPECT_THAT(d->heard, ElementsAre(error_code{}));
    EXPECT_THAT(d->events, ElementsAre(watch_event_type::erased));
}

TEST_F(dialogue_on_memory, WhoGivesUpAQuestionHearsWhatWasAnsweredBeforeItEnds)
{
    const auto s = open();
    server_.hold_replies(true);
    const auto d = std::make_shared<diary>(one(op::create{"/a"}));
    auto talk = lead(s, d);
    ASSERT_TRUE(eventually([&] { return server_.exists("/a"); }));
    talk.cancel();
    EXPECT_EQ(talk.get(), error_code{boost::asio::error::operation_aborted});
    EXPECT_THAT(d->heard, ElementsAre(error_code{boost::asio::error::operation_aborted}));
    server_.hold_replies(false);
    wait(s.sync());
    EXPECT_EQ(d->heard.size(), 1U) << "and nothing after its end";
}

TEST_F(dialogue_on_memory, AQuestionThatWasGivenUpBeforeItWasSentIsNeverAsked)
{
    const auto s = open();
    server_.refuse_connections(true);
    server_.disconnect_all();
    ASSERT_TRUE(eventually([&] { return s.state() != connection_state::connected; }));
    const auto d = std::make_shared<diary>(one(op::create{"/a"}));
    EXPECT_EQ(lead(s, d, 30ms).get(), error_code{errc::not_connected});
    EXPECT_THAT(d->heard, ElementsAre(error_code{errc::not_connected}));
    server_.refuse_connections(false);
    wait(s.sync());
    EXPECT_FALSE(server_.exists("/a"));
}

TEST_F(dialogue_on_memory, WhoGivesUpAWaitLeavesNoWatch)
{
    const auto s = open();
    server_.create("/a");
    const auto d = std::make_shared<diary>(one(op::get{"/a", true}));
    auto talk = lead(s, d);
    ASSERT_TRUE(eventually([&] { return server_.watch_count() == 1; }));
    talk.cancel();
    EXPECT_EQ(talk.get(), error_code{boost::asio::error::operation_aborted});
    EXPECT_TRUE(eventually([&] { return server_.watch_count() == 0; }));
    EXPECT_THAT(d->events, IsEmpty());
}

TEST_F(dialogue_on_memory, AWaitOfItsOwnEndsAtItsDeadline)
{
    const auto s = open();
    server_.create("/a");
    const auto d = std::make_shared<diary>(one(op::get{"/a", true}));
    d->until = deadline{10ms};
    EXPECT_EQ(lead(s, d).get(), error_code{});
    EXPECT_EQ(d->times_waited, 1);
}

TEST_F(dialogue_on_memory, TheEndOfTheZooKeeperSessionEndsIt)
{
    const auto s = open();
    server_.create("/a");
    const auto d = std::make_shared<diary>(one(op::get{"/a", true}));
    auto talk = lead(s, d);
    ASSERT_TRUE(eventually([&] { return server_.watch_count() == 1; }));
    server_.expire(s.id());
    EXPECT_TRUE(session_over(talk.get()));
}

}  // namespace
}  // namespace turnstile::test
