// The search for a circle, question by question. Nothing is sent.
#include "recipes/detail/deadlock_search.hpp"
#include "recipes/detail/contender_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace turnstile::detail {
namespace {

using ::testing::ElementsAre;

const std::string our_node = "/a/xours.0-lock-0000000001";
const std::string our_wait = "xours.1-lock-0000000005";
const std::string their_wait = "/a/xtheirs.1-lock-0000000002";
const std::string their_node = "/b/xtheirs.0-lock-0000000004";

std::string record(const std::string& owner, const std::vector<std::string>& holds)
{
    contender_record r;
    r.owner = owner;
    r.holds = holds;
    return to_text(r);
}

outcome node(const std::string& data = {}, std::int64_t created = 0)
{
    outcome o;
    o.data = data;
    o.stat.czxid = created;
    return o;
}

outcome list(std::vector<std::string> children)
{
    outcome o;
    o.children = std::move(children);
    return o;
}

outcome gone() { return outcome{errc::no_node}; }

/// What is asked, as verbs and paths.
std::vector<std::string> asked(const deadlock_search& s)
{
    std::vector<std::string> all;
    for (const auto& o : s.question()) {
        if (const auto* g = std::get_if<op::get>(&o))
            all.push_back("get " + g->path);
        else if (const auto* c = std::get_if<op::children>(&o))
            all.push_back("children " + c->path);
    }
    return all;
}

/// We hold a place in /a, and wait in /b since zxid 100.
deadlock_search search(const std::vector<std::string>& held = {our_node}, const std::string& root = "/")
{
    return {{{"/b", our_wait, 100}}, record("us", held), held, root};
}

void give(deadlock_search& s, const std::vector<outcome>& answers) { s.answered(answers); }

std::vector<std::string> line_of_a() { return {"xours.0-lock-0000000001", "xtheirs.1-lock-0000000002"}; }

TEST(deadlock_search, ReadsTheCircleTwiceAndIsSureThen)
{
    auto s = search();
    EXPECT_THAT(asked(s), ElementsAre("get " + our_node, "children /a"));
    give(s, {node(), list(line_of_a())});
    EXPECT_THAT(asked(s), ElementsAre("get " + their_wait));
    give(s, {node(record("them", {their_node}), 90)});
    EXPECT_THAT(asked(s), ElementsAre("get " + their_node, "get " + their_wait, "get " + our_node));
    EXPECT_FALSE(s.found());
    give(s, {node(), node(), node()});
    EXPECT_TRUE(s.found());
    EXPECT_FALSE(s.asks());
}

TEST(deadlock_search, OneNodeThatHasGoneMeanwhileIsNoCircle)
{
    for (std::size_t missing = 0; missing < 3; ++missing) {
        auto s = search();
        give(s, {node(), list(line_of_a())});
        give(s, {node(record("them", {their_node}), 90)});
        std::vector<outcome> second(3, node());
        second[missing] = gone();
        give(s, second);
        EXPECT_FALSE(s.found()) << missing;
        EXPECT_FALSE(s.asks());
    }
}

TEST(deadlock_search, WhoDidNotComeLastLeavesItToTheOther)
{
    auto s = search();
    give(s, {node(), list(line_of_a())});
    give(s, {node(record("them", {their_node}), 110)});
    EXPECT_FALSE(s.found());
    EXPECT_FALSE(asked(s).empty()) << "there may be another circle behind";
    give(s, {node(), list({})});
    EXPECT_FALSE(s.asks());
}

TEST(deadlock_search, WhoWaitsButHoldsNothingHarmsNobody)
{
    auto s = search();
    give(s, {node(), list(line_of_a())});
    give(s, {node(record("them", {}), 90)});
    EXPECT_FALSE(s.asks());
    EXPECT_FALSE(s.found());
}

TEST(deadlock_search, NobodyBehindUsIsOneQuestion)
{
    auto s = search();
    give(s, {node(), list({"xours.0-lock-0000000001"})});
    EXPECT_FALSE(s.asks());
}

TEST(deadlock_search, WhoHoldsBehindUsIsNotWaitedFor)
{
    auto s = search();
    give(s, {node(), list(line_of_a())});
    give(s, {node(record("them", {"/b/xtheirs.0-lock-0000000009"}), 90)});
    EXPECT_FALSE(s.found());
    give(s, {node(), list({})});
    EXPECT_FALSE(s.asks());
}

TEST(deadlock_search, PermitsAreNotFollowed)
{
    auto s = search({"/a/sours.0*1-lock-0000000001"});
    give(s, {node(), list({"sours.0*1-lock-0000000001", "stheirs.1*1-lock-0000000002"})});
    EXPECT_FALSE(s.asks());
}

TEST(deadlock_search, AWriterThatHasBecomeAReaderIsNotWaitedForByReaders)
{
    contender_record reader;
    reader.downgraded = true;
    auto s = search({"/a/wours.0-__WRIT__0000000001"});
    give(s, {node(to_text(reader)), list({"wours.0-__WRIT__0000000001", "rtheirs.1-__READ__0000000002"})});
    EXPECT_FALSE(s.asks());
}

TEST(deadlock_search, OtherRootsAreNotLookedAt)
{
    auto s = search({"/elsewhere/a/xours.0-lock-0000000001"}, "/app");
    EXPECT_FALSE(s.asks());
    auto inside = search({"/app/a/xours.0-lock-0000000001"}, "/app");
    EXPECT_THAT(asked(inside), ElementsAre("get " + our_node, "children /a"));
}

TEST(deadlock_search, ACircleOfOthersEnds)
{
    auto s = search();
    give(s, {node(), list(line_of_a())});
    give(s, {node(record("them", {"/c/xtheirs.2-lock-0000000001"}), 90)});
    give(s, {node(), list({"xtheirs.2-lock-0000000001", "xothers.0-lock-0000000002"})});
    give(s, {node(record("others", {our_node, "/c/xtheirs.2-lock-0000000001"}), 91)});
    EXPECT_FALSE(s.asks());
    EXPECT_FALSE(s.found());
}

}  // namespace
}  // namespace turnstile::detail
