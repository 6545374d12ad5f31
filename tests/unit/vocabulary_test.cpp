// The public words: paths, errors, deadlines, operations.
#include <turnstile/deadline.hpp>
#include <turnstile/error.hpp>
#include <turnstile/operation.hpp>
#include <turnstile/path.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <set>
#include <string>

namespace turnstile {

namespace {

using namespace std::chrono_literals;

constexpr int first_code = static_cast<int>(errc::connection_loss);
constexpr int last_code = static_cast<int>(errc::fenced);

}  // namespace

TEST(path, GoodOnesPass)
{
    const std::string longest(path_component_max, 'x');
    for (const std::string& p : {std::string{"/"}, std::string{"/a"}, std::string{"/a/b-1/c.d"}, std::string{"/..."},
                                 std::string{"/.a"}, std::string{"/\xc3\xa4"}, "/" + longest})
        EXPECT_FALSE(check_path(p)) << p;
}

TEST(path, BadOnesDoNot)
{
    const std::string too_long(path_component_max + 1, 'x');
    std::string deep;
    while (deep.size() <= path_length_max)
        deep += "/component";
    for (const std::string& p :
         {std::string{}, std::string{"a"}, std::string{"a/b"}, std::string{"//"}, std::string{"/a/"}, std::string{"/a//b"},
          std::string{"//a"}, std::string{"/."}, std::string{"/.."}, std::string{"/a/./b"}, std::string{"/a/../b"},
          std::string{"/a\nb"}, std::string{"/a\x7f"}, std::string("/a\0b", 4), "/" + too_long, deep})
        EXPECT_EQ(check_path(p), errc::bad_path) << p;
}

TEST(path, OfASequentialNodeMayEndInASlash)
{
    EXPECT_FALSE(check_path("/line/", true));
    EXPECT_FALSE(check_path("/line/x-", true));
    EXPECT_FALSE(check_path("/", true));
    EXPECT_TRUE(check_path("/line//", true));
    EXPECT_TRUE(check_path("//", true));
    EXPECT_TRUE(check_path("", true));
}

TEST(path, ItsPrefixesComeFromTheTop)
{
    EXPECT_EQ(path_prefixes("/a/b/c"), (std::vector<std::string>{"/a", "/a/b", "/a/b/c"}));
    EXPECT_EQ(path_prefixes("/a"), (std::vector<std::string>{"/a"}));
    EXPECT_TRUE(path_prefixes("/").empty());
}

TEST(path, IsJoinedAndTakenApart)
{
    EXPECT_EQ(join_path("/a", "b"), "/a/b");
    EXPECT_EQ(join_path("/", "b"), "/b");
    EXPECT_EQ(parent_path("/a/b"), "/a");
    EXPECT_EQ(parent_path("/a"), "/");
    EXPECT_EQ(parent_path("/"), "");
    EXPECT_EQ(path_name("/a/b"), "b");
    EXPECT_EQ(path_name("/a"), "a");
    EXPECT_EQ(path_name("/"), "");
}

TEST(path, AnyTextBecomesOneComponent)
{
    EXPECT_EQ(encode_component("order-42_A.b"), "order-42_A.b");
    EXPECT_EQ(encode_component("../x"), "..%2Fx");
    EXPECT_EQ(encode_component("."), "%2E");
    EXPECT_EQ(encode_component(".."), "%2E%2E");
    EXPECT_EQ(encode_component("a b%"), "a%20b%25");
    EXPECT_EQ(encode_component(std::string_view{"\0\xff", 2}), "%00%FF");
    for (int byte = 0; byte < 256; ++byte)
        EXPECT_FALSE(check_path("/" + encode_component(std::string(1, static_cast<char>(byte))))) << byte;
}

TEST(path, AComponentHasALength)
{
    EXPECT_EQ(encode_component(std::string(255, 'x')).size(), 255U);
    EXPECT_THROW(encode_component(""), error);
    EXPECT_THROW(encode_component(std::string(256, 'x')), error);
    EXPECT_THROW(encode_component(std::string(86, ' ')), error);
}

TEST(error, EveryCodeHasAMessageOfItsOwn)
{
    std::set<std::string> seen;
    for (int code = first_code; code <= last_code; ++code) {
        const auto text = error_category().message(code);
        EXPECT_NE(text, "unknown error") << code;
        EXPECT_TRUE(seen.insert(text).second) << text;
    }
    EXPECT_EQ(error_category().message(last_code + 1), "unknown error");
    EXPECT_STREQ(error_category().name(), "turnstile");
}

TEST(error, ConditionsHoldForTheseCodesAndNoOthers)
{
    const std::set<errc> doubtful{errc::connection_loss, errc::operation_timeout, errc::session_moved, errc::closing,
                                  errc::deadline_exceeded};
    const std::set<errc> over{errc::session_expired, errc::auth_failed, errc::session_closed};
    const std::set<errc> failed{
        errc::no_node,    errc::node_exists, errc::bad_version, errc::not_empty, errc::no_children_for_ephemerals,
        errc::rolled_back};
    const std::set<errc> user{errc::bad_path,         errc::bad_argument,        errc::too_large, errc::too_many_operations,
                              errc::too_many_watches, errc::too_many_ephemerals, errc::forked,    errc::would_deadlock};
    for (int code = first_code; code <= last_code; ++code) {
        const auto e = static_cast<errc>(code);
        const error_code ec = e;
        EXPECT_EQ(in_doubt(ec), doubtful.contains(e)) << ec.message();
        EXPECT_EQ(session_over(ec), over.contains(e)) << ec.message();
        EXPECT_EQ(precondition_failed(ec), failed.contains(e)) << ec.message();
        EXPECT_EQ(user_error(ec), user.contains(e)) << ec.message();
        EXPECT_FALSE(cancelled(ec)) << ec.message();
    }
}

TEST(error, ConditionsDoNotTakeOthersCodesForOurs)
{
    for (int code = 0; code <= last_code; ++code) {
        const error_code ec{code, boost::system::system_category()};
        EXPECT_FALSE(session_over(ec));
        EXPECT_FALSE(precondition_failed(ec));
        EXPECT_FALSE(user_error(ec));
        EXPECT_FALSE(in_doubt(ec));
    }
}

TEST(error, WhatWasCancelledIsInDoubt)
{
    const error_code ec = boost::asio::error::operation_aborted;
    EXPECT_TRUE(cancelled(ec));
    EXPECT_TRUE(in_doubt(ec));
    EXPECT_FALSE(in_doubt({}));
    EXPECT_FALSE(cancelled({}));
}

TEST(error, SaysVerbPathAndDetail)
{
    const error e{errc::no_node, "get", "/a", "why"};
    EXPECT_EQ(e.verb(), "get");
    EXPECT_EQ(e.path(), "/a");
    EXPECT_EQ(e.code(), errc::no_node);
    const std::string text = e.what();
    EXPECT_NE(text.find("get /a (why)"), std::string::npos) << text;
    EXPECT_NE(text.find("no such node"), std::string::npos) << text;
}

TEST(deadline, CountsFromNow)
{
    const auto before = deadline::clock::now();
    const deadline d = 1h;
    EXPECT_GE(d.when(), before + 1h);
    EXPECT_LE(d.when(), deadline::clock::now() + 1h);
    EXPECT_FALSE(d.passed());
    EXPECT_FALSE(d.is_never());
}

TEST(deadline, NegativeMeansNow)
{
    EXPECT_TRUE(deadline{-1h}.passed());
    EXPECT_TRUE(deadline{0ms}.passed());
    EXPECT_TRUE(deadline{std::chrono::hours::min()}.passed());
    EXPECT_TRUE((deadline{std::chrono::duration<double>{-std::numeric_limits<double>::infinity()}}.passed()));
    EXPECT_FALSE(deadline{-1h}.is_never());
}

TEST(deadline, Saturates)
{
    EXPECT_TRUE(deadline{std::chrono::hours::max()}.is_never());
    EXPECT_TRUE(deadline{std::chrono::hours{24 * 365 * 1'000}}.is_never());
    EXPECT_TRUE(deadline{std::chrono::nanoseconds::max()}.is_never());
    EXPECT_TRUE((deadline{std::chrono::duration<double>{std::numeric_limits<double>::infinity()}}.is_never()));
    EXPECT_TRUE(deadline{}.is_never());
    EXPECT_FALSE(deadline::never().passed());
    EXPECT_FALSE(deadline{std::chrono::hours{24 * 365}}.is_never());
}

TEST(deadline, IsOrdered)
{
    const auto t = deadline::clock::now();
    EXPECT_LT(deadline::at(t), deadline::at(t + 1ns));
    EXPECT_LT(deadline::at(t), deadline::never());
    EXPECT_EQ(deadline::at(t), deadline{t});
}

TEST(operation, HasAVerbAndAPath)
{
    const struct {
        operation o;
        std::string_view verb;
        std::string_view path;
        bool read;
    } table[] = {
        {op::create{"/a"}, "create", "/a", false},
        {op::erase{"/a"}, "erase", "/a", false},
        {op::exists{"/a"}, "exists", "/a", true},
        {op::get{"/a"}, "get", "/a", true},
        {op::set{"/a", ""}, "set", "/a", false},
        {op::children{"/a"}, "children", "/a", true},
        {op::sync{"/a"}, "sync", "/a", true},
        {op::get_acl{"/a"}, "get_acl", "/a", true},
        {op::set_acl{"/a", acl{}}, "set_acl", "/a", false},
        {op::config{}, "config", "/zookeeper/config", true},
        {op::forget_watches{"/a"}, "forget_watches", "/a", false},
        {op::multi{{op::erase{"/a"}, op::erase{"/b"}}}, "commit", "/a", false},
    };
    static_assert(std::size(table) == std::variant_size_v<operation>);
    for (const auto& row : table) {
        EXPECT_EQ(verb_of(row.o), row.verb);
        EXPECT_EQ(path_of(row.o), row.path);
        EXPECT_EQ(is_read(row.o), row.read) << row.verb;
    }
    EXPECT_EQ(path_of(op::multi{{}}), "");
}

}  // namespace turnstile
