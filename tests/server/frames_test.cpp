#include "testing/frames.hpp"
#include "testing/conversation.hpp"

#include <support/raw_client.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace turnstile::testing {

namespace {

using test::frame_writer;
using moment = armed_cuts::moment;

std::string request(std::int32_t xid, proxy_opcode what)
{
    return frame_writer{}.number(xid).number(static_cast<std::int32_t>(what)).frame();
}

std::string reply(std::int32_t xid) { return frame_writer{}.number(xid).long_number(1).number(0).frame(); }

std::string handshake() { return test::raw_client::connect_request(std::chrono::seconds{1}); }

struct overheard {
    armed_cuts cuts;
    proxy_counters counters;
    conversation talk{cuts, counters};

    void greet()
    {
        EXPECT_FALSE(talk.cuts_request(handshake()));
        EXPECT_FALSE(talk.cuts_reply(handshake()));
    }
};

}  // namespace

TEST(frame_splitter, FindsFramesWhateverPiecesTheyComeIn)
{
    const auto stream = handshake() + request(1, proxy_opcode::create) + request(2, proxy_opcode::ping);
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        frame_splitter splitter;
        std::vector<std::string> frames;
        for (std::size_t at = 0; at < stream.size(); at += piece)
            for (auto& f : splitter.feed(std::string_view{stream}.substr(at, piece)))
                frames.push_back(std::move(f));
        ASSERT_EQ(frames.size(), 3U) << "in pieces of " << piece;
        EXPECT_EQ(frames[0] + frames[1] + frames[2], stream);
        EXPECT_FALSE(splitter.raw());
    }
}

TEST(frame_splitter, PassesFourLetterWordsOn)
{
    frame_splitter splitter;
    EXPECT_TRUE(splitter.feed("ru").empty());
    EXPECT_EQ(splitter.feed("ok"), std::vector<std::string>{"ruok"});
    EXPECT_TRUE(splitter.raw());
}

TEST(frame_splitter, HoldsAnEmptyFrameForAFrame)
{
    frame_splitter splitter;
    EXPECT_EQ(splitter.feed(std::string(4, '\0')).size(), 1U);
}

TEST(conversation, CutsTheReplyToTheNthRequestOfAKind)
{
    overheard o;
    o.greet();
    o.cuts.arm(moment::reply_arrives, proxy_opcode::create, 2);
    EXPECT_FALSE(o.talk.cuts_request(request(1, proxy_opcode::create)));
    EXPECT_FALSE(o.talk.cuts_request(request(2, proxy_opcode::exists)));
    EXPECT_FALSE(o.talk.cuts_request(request(3, proxy_opcode::create)));
    EXPECT_FALSE(o.talk.cuts_reply(reply(1)));
    EXPECT_FALSE(o.talk.cuts_reply(reply(2)));
    EXPECT_TRUE(o.talk.cuts_reply(reply(3)));
}

TEST(conversation, DoesNotTakeARequestThatWasUnderWayForTheNextOne)
{
    overheard o;
    o.greet();
    EXPECT_FALSE(o.talk.cuts_request(request(1, proxy_opcode::create)));
    o.cuts.arm(moment::reply_arrives, proxy_opcode::create, 1);
    EXPECT_FALSE(o.talk.cuts_reply(reply(1)));
    EXPECT_FALSE(o.talk.cuts_request(request(2, proxy_opcode::create)));
    EXPECT_TRUE(o.talk.cuts_reply(reply(2)));
}

TEST(conversation, AnswersToPingsAndEventsAreNobodysReply)
{
    overheard o;
    o.greet();
    o.cuts.arm(moment::reply_arrives, proxy_opcode::any, 1);
    EXPECT_FALSE(o.talk.cuts_request(request(-2, proxy_opcode::ping)));
    EXPECT_FALSE(o.talk.cuts_request(request(7, proxy_opcode::multi)));
    EXPECT_FALSE(o.talk.cuts_reply(reply(-1)));
    EXPECT_FALSE(o.talk.cuts_reply(reply(-2)));
    EXPECT_TRUE(o.talk.cuts_reply(reply(7)));
}

TEST(conversation, StrikesOnce)
{
    overheard o;
    o.greet();
    o.cuts.arm(moment::request_arrives, proxy_opcode::create, 1);
    EXPECT_TRUE(o.talk.cuts_request(request(1, proxy_opcode::create)));
    EXPECT_FALSE(o.talk.cuts_request(request(2, proxy_opcode::create)));
}

TEST(conversation, TheHandshakeIsARequestOfItsOwnKind)
{
    overheard o;
    o.cuts.arm(moment::reply_arrives, proxy_opcode::connect, 1);
    EXPECT_FALSE(o.talk.cuts_request(handshake()));
    EXPECT_TRUE(o.talk.cuts_reply(handshake()));
    EXPECT_EQ(o.counters.requests_by_opcode[proxy_opcode::connect], 1U);
}

}  // namespace turnstile::testing
