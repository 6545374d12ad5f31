#include "recipes/detail/place_name.hpp"
#include "recipes/detail/contender_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnstile::detail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> names(const std::vector<place_view>& places)
{
    std::vector<std::string> out;
    for (const auto& p : places)
        out.emplace_back(p.name);
    return out;
}

TEST(place_name, OwnNamesAreParsed)
{
    const auto marker = place_marker(claim{}, -1, 35);
    EXPECT_EQ(marker, "xP__________.z-lock-");
    const auto p = parse_place(marker + "0000000031");
    ASSERT_TRUE(p);
    EXPECT_EQ(p->sequence, 31);
}

TEST(place_name, MarkersOfDifferentAttemptsDiffer)
{
    EXPECT_NE(place_marker(claim{}, 1, 1), place_marker(claim{}, 1, 2));
    EXPECT_NE(place_marker(claim{}, 1, 1), place_marker(claim{}, 2, 1));
    EXPECT_NE(place_marker(claim{}, 1, 36), place_marker(claim{}, 1, 1));
    EXPECT_EQ(place_marker(claim{}, 1, 36), "xAAAAAAAAAAB.10-lock-");
}

TEST(place_name, NamesOfCuratorAndKazooAreUnderstood)
{
    EXPECT_EQ(parse_place("_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-lock-0000000031")->sequence, 31);
    EXPECT_EQ(parse_place("8f14e45fceea167a5a36dedd4bea2543__lock__0000000032")->sequence, 32);
}

TEST(place_name, WhatIsNotAPlaceIsNeverParsedAsOne)
{
    for (const char* name :
         {"", "0", "lock", "-lock-", "x-lock-", "x-lock-000000001", "x-lock-00000000001", "x-lock--000000001",
          "x-lock-+000000001", "x-lock- 000000001", "x-lock-000000001 ", "x-lock-0x00000001", "x-lock-2147483648",
          "x-lock--2147483648", "x-lock-9999999999", "x-block0000000001", "0000000001", "x__READ_0000000001"})
        EXPECT_FALSE(parse_place(name)) << name;
}

TEST(place_name, ReadersWritersAndPermitsTellWhatTheyAre)
{
    const auto writer = place_marker(claim::kind::write, 1, 1) + "0000000007";
    const auto reader = place_marker(claim::kind::read, 1, 1) + "0000000008";
    const auto permits = place_marker({claim::kind::permits, 12}, 1, 1) + "0000000009";
    EXPECT_EQ(writer, "wAAAAAAAAAAB.1-__WRIT__0000000007");
    EXPECT_EQ(reader, "rAAAAAAAAAAB.1-__READ__0000000008");
    EXPECT_EQ(permits, "sAAAAAAAAAAB.1*12-lock-0000000009");
    EXPECT_FALSE(view_place(writer)->shared);
    EXPECT_TRUE(view_place(reader)->shared);
    EXPECT_EQ(view_place(permits)->weight, 12U);
    EXPECT_EQ(view_place(writer)->weight, 1U);
}

TEST(place_name, ReadersAndWritersOfOtherLibraries)
{
    EXPECT_TRUE(view_place("_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-__READ__0000000031")->shared);
    EXPECT_FALSE(view_place("_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-__WRIT__0000000031")->shared);
    EXPECT_TRUE(view_place("8f14e45fceea167a5a36dedd4bea2543__rlock__0000000032")->shared);
    EXPECT_TRUE(view_place("8f14e45fceea167a5a36dedd4bea2543__READ__0000000032")->shared);
    EXPECT_FALSE(view_place("8f14e45fceea167a5a36dedd4bea2543__lock__0000000032")->shared);
}

TEST(place_name, AWeightThatIsNonsenseIsOne)
{
    for (const auto* name : {"s1.1*-lock-0000000001", "s1.1*x-lock-0000000001", "s1.1*0-lock-0000000001",
                             "s1.1*-3-lock-0000000001", "s1.1*99999999999-lock-0000000001", "x1.1*5-lock-0000000001"})
        EXPECT_EQ(view_place(name)->weight, 1U) << name;
}

TEST(place_name, ReadersDoNotKeepReadersWaiting)
{
    const std::vector<std::string> line{"r.1-__READ__0000000001", "w.2-__WRIT__0000000002", "r.3-__READ__0000000003",
                                        "r.4-__READ__0000000004", "w.5-__WRIT__0000000005"};
    const auto before_reader = places_ahead(line, place{4, line[3]}, 9);
    ASSERT_EQ(before_reader->nearest.size(), 1U);
    EXPECT_EQ(before_reader->nearest.front().sequence, 2);
    EXPECT_EQ(places_ahead(line, place{5, line[4]}, 9)->nearest.size(), 4U);
    EXPECT_TRUE(places_ahead(line, place{1, line[0]}, 9)->nearest.empty());
}

TEST(place_name, OnlyWritersOfOtherLibrariesMayPutSomebodyInFront)
{
    EXPECT_TRUE(may_insert("_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-__WRIT__0000000031"));
    EXPECT_FALSE(may_insert("wAAAAAAAAAAB.1-__WRIT__0000000007"));
    EXPECT_FALSE(may_insert("_c_1f5e6bca-6f6f-4f8b-bb5e-c8a1b0b8c8c8-lock-0000000031"));
    EXPECT_FALSE(may_insert("__WRIT__"));
}

TEST(place_name, TheLargestNumberIsStillAPlace) { EXPECT_EQ(parse_place("x-lock-2147483647")->sequence, 2147483647); }

TEST(place_name, OrderIsByNumberNotByText)
{
    const std::vector<std::string> children{"z.1-lock-0000000009", "a.1-lock-0000000010", "m.1-lock-0000000002", "0",
                                            "junk"};
    const auto ahead = places_ahead(children, place{10, "a.1-lock-0000000010"}, 9);
    ASSERT_TRUE(ahead);
    EXPECT_THAT(names(ahead->nearest), ElementsAre("m.1-lock-0000000002", "z.1-lock-0000000009"));
}

TEST(place_name, TheNearestAreShownAndTheOthersWeighed)
{
    const std::vector<std::string> line{"s.7*2-lock-0000000007", "s.2*4-lock-0000000002", "s.9*1-lock-0000000009",
                                        "s.4*8-lock-0000000004"};
    const auto ahead = [&](std::size_t how_many) { return places_ahead(line, place{9, line[2]}, how_many).value(); };
    EXPECT_THAT(names(ahead(2).nearest), ElementsAre(line[3], line[0]));
    EXPECT_EQ(ahead(2).beyond, 4U);
    EXPECT_EQ(ahead(3).beyond, 0U);
    EXPECT_THAT(ahead(0).nearest, IsEmpty());
    EXPECT_EQ(ahead(0).beyond, 14U);
}

TEST(place_name, ForeignChildrenAreNobodyAhead)
{
    const auto ahead = places_ahead({"0", "config", "a-lock-0000000001"}, place{1, "a-lock-0000000001"}, 9);
    ASSERT_TRUE(ahead);
    EXPECT_THAT(ahead->nearest, IsEmpty());
}

TEST(place_name, AListWithoutOurOwnNodeSaysSo)
{
    EXPECT_FALSE(places_ahead({"a-lock-0000000001"}, place{2, "b-lock-0000000002"}, 9));
}

TEST(contender_record, ComesBackAsItWent)
{
    contender_record r;
    r.host = "pay-7";
    r.pid = 4711;
    r.label = "payments, east";
    r.purpose = "capture of order 42";
    EXPECT_EQ(parse_contender_record(to_text(r)), r);
}

TEST(contender_record, ControlCharactersCannotForgeALine)
{
    contender_record r;
    r.label = "a\nhost evil";
    EXPECT_EQ(parse_contender_record(to_text(r)).host, "");
    EXPECT_EQ(parse_contender_record(to_text(r)).label, "a host evil");
}

TEST(contender_record, AnotherLibrarysDataGivesEmptyFields)
{
    EXPECT_EQ(parse_contender_record("192.168.0.7"), contender_record{});
    EXPECT_EQ(parse_contender_record(""), contender_record{});
    EXPECT_EQ(parse_contender_record("turnstile 1\npid x\nnonsense\nlater field 7\n"), contender_record{});
}

}  // namespace
}  // namespace turnstile::detail
