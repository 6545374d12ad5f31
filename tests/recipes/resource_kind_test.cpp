// Kinds of resources: what is a key, and what is refused.
#include <turnstile/recipes/resource_kind.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace turnstile::test {
namespace {

using order = resource_kind<"order", "id:u64">;
using seat = resource_kind<"seat", "flight:text", "row:i64", "letter:text">;

error_code refused(const std::function<void()>& f, const char* naming = "")
{
    try {
        f();
    } catch (const error& e) {
        EXPECT_THAT(e.what(), ::testing::HasSubstr(naming));
        return e.code();
    }
    return {};
}

TEST(resource_kind, AKeyIsItsFieldsEncoded)
{
    EXPECT_EQ(order::key(42).text(), "order/42");
    EXPECT_EQ(order::key(std::numeric_limits<std::uint64_t>::max()).encoded(), "18446744073709551615");
    EXPECT_EQ(seat::key("LH 400", -12, "C").text(), "seat/LH%20400,-12,C");
    EXPECT_EQ(seat::key("a,b", 1, "~/%").encoded(), "a%2Cb,1,%7E%2F%25") << "no field can reach into another";
    EXPECT_EQ(order::definition().fields, std::vector<std::string>{"id:u64"});
}

TEST(resource_kind, ANumberHasOneSpelling)
{
    EXPECT_EQ((resource_key{order::definition(), {"007"}}), order::key(7));
    for (const auto* bad : {"", "-1", "+1", "1 ", "0x1", "18446744073709551616"})
        EXPECT_EQ(refused([&] { resource_key(order::definition(), {bad}); }, "id:u64"), errc::bad_argument) << bad;
    EXPECT_EQ(refused([] { static_cast<void>(order::key(-1)); }, "id:u64"), errc::bad_argument);
}

TEST(resource_kind, TextFromOutsideIsChecked)
{
    const auto try_text = [](const std::string& text) {
        return refused([&] { static_cast<void>(seat::key(text, 1, "C")); }, "flight:text");
    };
    for (const auto& bad : {std::string{}, std::string{"."}, std::string{".."}, std::string{"a\nb"}, std::string{"\x7f"},
                            std::string(1, '\0'), std::string(201, 'x')})
        EXPECT_EQ(try_text(bad), errc::bad_argument) << bad;
    EXPECT_EQ(try_text("..."), error_code{});
    EXPECT_EQ(refused([] { static_cast<void>(seat::key(std::string(100, '/'), 1, "C")); }, ""), errc::bad_argument)
        << "300 bytes encoded";
}

TEST(resource_kind, ADefinitionMadeAtRunTimeIsCheckedAsWell)
{
    for (const auto* bad : {"", "Order", "1order", "or der", "order/"})
        EXPECT_EQ(refused([&] { kind_definition(bad, {"id:u64"}); }), errc::bad_argument) << bad;
    for (const auto* bad : {"", "id", "id:", ":u64", "id:int"})
        EXPECT_EQ(refused([&] { kind_definition("order", {bad}); }), errc::bad_argument) << bad;
    EXPECT_EQ(refused([] { kind_definition("order", {}); }), errc::bad_argument);
    EXPECT_EQ(refused([] { resource_key(order::definition(), {"1", "2"}); }), errc::bad_argument);
}

}  // namespace
}  // namespace turnstile::test
