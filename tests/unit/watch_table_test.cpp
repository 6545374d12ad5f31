#include "watch_table.hpp"

#include "mailbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace turnstile::inline v0::detail {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::shared_ptr<mailbox> a_box() { return std::make_shared<mailbox>(std::weak_ptr<session_core>{}); }

/// As the core does it when an answer has left a watch.
void leave(watch_table& t, const std::string& path, watch_subject subject, const std::shared_ptr<mailbox>& box)
{
    t.expect(path);
    t.settled(path);
    t.add(path, subject, box);
}

}  // namespace

TEST(watch_table, TellsThoseWhomAnEventConcerns)
{
    for (const auto type : {watch_event_type::created, watch_event_type::changed, watch_event_type::erased,
                            watch_event_type::children_changed}) {
        watch_table t{1'000};
        const auto node = a_box();
        const auto children = a_box();
        leave(t, "/a", watch_subject::node, node);
        leave(t, "/a", watch_subject::children, children);
        const auto told = t.fire(type, "/a");
        if (type == watch_event_type::erased)
            EXPECT_THAT(told, UnorderedElementsAre(node, children));
        else if (type == watch_event_type::children_changed)
            EXPECT_THAT(told, ElementsAre(children));
        else
            EXPECT_THAT(told, ElementsAre(node));
    }
}

TEST(watch_table, FiresOnce)
{
    watch_table t{1'000};
    leave(t, "/a", watch_subject::node, a_box());
    EXPECT_EQ(t.fire(watch_event_type::changed, "/a").size(), 1U);
    EXPECT_THAT(t.fire(watch_event_type::changed, "/a"), IsEmpty());
    EXPECT_EQ(t.size(), 0U);
    EXPECT_EQ(t.bytes(), 0U);
}

TEST(watch_table, IgnoresEventsOfOtherPaths)
{
    watch_table t{1'000};
    leave(t, "/a", watch_subject::node, a_box());
    EXPECT_THAT(t.fire(watch_event_type::erased, "/b"), IsEmpty());
    EXPECT_EQ(t.size(), 1U);
}

TEST(watch_table, CountsEachPathOnceHoweverManyWatchIt)
{
    watch_table t{10};
    leave(t, "/1234567", watch_subject::node, a_box());
    leave(t, "/1234567", watch_subject::children, a_box());
    EXPECT_EQ(t.bytes(), 8U);
    EXPECT_EQ(t.size(), 2U);
    EXPECT_TRUE(t.has_room(2));
    EXPECT_FALSE(t.has_room(3));
}

TEST(watch_table, CountsWhatIsOnItsWay)
{
    watch_table t{4};
    t.expect("/abc");
    EXPECT_TRUE(t.watched("/abc"));
    EXPECT_FALSE(t.has_room(1));
    t.settled("/abc");
    EXPECT_FALSE(t.watched("/abc"));
    EXPECT_TRUE(t.has_room(4));
}

TEST(watch_table, ForgettingTellsWhichPathsAreIdle)
{
    watch_table t{1'000};
    const auto one = a_box();
    const auto other = a_box();
    leave(t, "/mine", watch_subject::node, one);
    leave(t, "/mine", watch_subject::children, one);
    leave(t, "/shared", watch_subject::node, one);
    leave(t, "/shared", watch_subject::node, other);
    leave(t, "/expected", watch_subject::node, one);
    t.expect("/expected");
    EXPECT_THAT(t.forget(*one), ElementsAre("/mine"));
    EXPECT_EQ(t.size(), 1U);
    EXPECT_TRUE(t.watched("/shared"));
    EXPECT_TRUE(t.watched("/expected"));
    EXPECT_THAT(t.forget(*one), IsEmpty());
}

TEST(watch_table, AMailboxMayWatchTheSamePathTwice)
{
    watch_table t{1'000};
    const auto box = a_box();
    leave(t, "/a", watch_subject::node, box);
    leave(t, "/a", watch_subject::node, box);
    EXPECT_THAT(t.fire(watch_event_type::changed, "/a"), ElementsAre(box, box));
    EXPECT_THAT(t.forget(*box), IsEmpty());
}

TEST(watch_table, ClearingTellsEverybodyAndCountsFromNothing)
{
    watch_table t{1'000};
    const auto one = a_box();
    const auto other = a_box();
    leave(t, "/a", watch_subject::node, one);
    leave(t, "/b", watch_subject::children, other);
    t.expect("/c");
    EXPECT_THAT(t.clear(), UnorderedElementsAre(one, other));
    EXPECT_EQ(t.bytes(), 0U);
    EXPECT_EQ(t.size(), 0U);
    t.settled("/c");  // an answer that comes afterwards
    EXPECT_EQ(t.bytes(), 0U);
}

}  // namespace turnstile::inline v0::detail
