// Sessions on the memory server: how they begin, move, and end.
#include "memory_server_room.hpp"

namespace turnstile::test {
namespace {

using ::testing::ElementsAre;

TEST_F(memory_server_test, ClampsTheSessionTimeout)
{
    const auto negotiated = [this](std::chrono::milliseconds asked) {
        auto settings = seam_probe::settings_for({});
        settings.session_timeout = asked;
        seam_probe c{server.transport(), settings};
        EXPECT_TRUE(c.connected());
        return c.timeout();
    };
    using namespace std::chrono_literals;
    EXPECT_EQ(negotiated(1ms), 4s);
    EXPECT_EQ(negotiated(10s), 10s);
    EXPECT_EQ(negotiated(10min), 40s);
}

TEST_F(memory_server_test, ClosingASessionRemovesItsEphemeralsBeforeItSaysClosed)
{
    create("/mine", create_mode::ephemeral);
    create("/stays");
    client->close();
    EXPECT_FALSE(server.exists("/mine"));
    EXPECT_TRUE(server.exists("/stays"));
    EXPECT_TRUE(server.session_ids().empty());
    client = connect();
}

TEST_F(memory_server_test, LettingGoKeepsTheSessionForTheNextClient)
{
    create("/mine", create_mode::ephemeral);
    const auto identity = client->identity();
    client->close(false);
    EXPECT_TRUE(server.exists("/mine"));
    client = connect(identity);
    EXPECT_EQ(client->session(), identity.id);
    EXPECT_EQ(server.stat("/mine").ephemeral_owner, identity.id);
}

TEST_F(memory_server_test, ADroppedHandleLetsGo)
{
    const auto identity = client->identity();
    server.pause();
    seam_probe dropped{server.transport()};
    dropped.let_go();
    server.resume();
    EXPECT_THAT(server.session_ids(), ElementsAre(identity.id));
}

TEST_F(memory_server_test, ResumingMovesTheSessionAndCutsTheOlderClient)
{
    create("/a");
    client->call(op::get{"/a", true});
    auto heir = connect(client->identity());
    EXPECT_TRUE(client->saw("disconnected"));
    EXPECT_EQ(client->send(op::exists{"/"}), errc::not_connected);
    EXPECT_EQ(server.watch_count(), 0u) << "watches are the client's, not the session's";

    // This is how a session is ended from outside.
    heir->close();
    EXPECT_TRUE(client->saw("expired"));
}

TEST_F(memory_server_test, TheOlderClientComesBackWhenTheNewerLetsGo)
{
    auto heir = connect(client->identity());
    ASSERT_TRUE(client->saw("disconnected"));
    heir->close(false);
    EXPECT_TRUE(client->connected(2));
}

TEST_F(memory_server_test, TellsAClientWithAnUnknownIdentityThatItExpired)
{
    auto wrong = client->identity();
    wrong.password.back() = static_cast<char>(wrong.password.back() + 1);
    seam_probe thief{server.transport(), wrong};
    EXPECT_TRUE(thief.saw("expired"));
    EXPECT_TRUE(thief.quiet("connected"));
    EXPECT_EQ(thief.send(op::exists{"/"}), errc::session_expired);

    auto gone = client->identity();
    client->close();
    seam_probe late{server.transport(), gone};
    EXPECT_TRUE(late.saw("expired"));
    client = connect();
}

TEST_F(memory_server_test, AnExpiryTakesTheEphemeralsAtOnceAndIsToldOnReconnect)
{
    create("/mine", create_mode::ephemeral);
    auto other = connect();
    other->call(op::exists{"/mine", true});
    server.refuse_connections(true);
    server.expire(client->session());
    EXPECT_FALSE(server.exists("/mine"));
    EXPECT_TRUE(other->saw("erased /mine"));
    EXPECT_TRUE(client->saw("disconnected"));
    EXPECT_TRUE(client->quiet("expired"));
    server.refuse_connections(false);
    EXPECT_TRUE(client->saw("expired"));
    EXPECT_THAT(client->lines(), ElementsAre("connected", "disconnected", "expired"));
}

TEST_F(memory_server_test, ExpiresTheOutsiderToo)
{
    server.create("/his", "", create_mode::ephemeral);
    EXPECT_TRUE(server.expire(memory_server::outsider));
    EXPECT_FALSE(server.exists("/his"));
    EXPECT_FALSE(server.expire(4711));
}

TEST_F(memory_server_test, RefusesCredentialsWhenAskedTo)
{
    server.refuse_credentials(true);
    auto settings = seam_probe::settings_for({});
    settings.auth_scheme = "digest";
    settings.auth_secret = "bob:secret";
    seam_probe bob{server.transport(), settings};
    EXPECT_TRUE(bob.saw("auth_failed"));
    EXPECT_TRUE(connect()) << "others are let in";
}

}  // namespace
}  // namespace turnstile::test
