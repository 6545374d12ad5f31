// A line that a test fills, contender by contender, while it looks on.
#pragma once

#include "arena.hpp"

#include "../support/eventually.hpp"

#include <turnstile/recipes/mutex.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::interop {

using namespace std::chrono_literals;

inline constexpr auto patience = 30s;

class line_of_languages : public ::testing::Test {
protected:
    ~line_of_languages() override
    {
        if (!HasFailure())
            std::filesystem::remove_all(arena_.ground().directory);
    }
    arena& where() { return arena_; }

    contender_options as(language l, const std::string& kind)
    {
        contender_options o{l, std::string{name_of(l)} + "-" + std::to_string(contenders_.size() + 1)};
        o.as = kind;
        o.stay = arena_.file(o.name + ".stay");
        o.go_on = arena_.file(o.name + ".go-on");
        return o;
    }

    /// Returns its name when it stands in the line, whether it was granted or not.
    std::string enter(contender_options how)
    {
        const auto before = arena_.places().size();
        contenders_.push_back(std::make_unique<contender>(how, arena_.ground()));
        EXPECT_TRUE(test::eventually([&] { return arena_.places().size() > before; }, patience)) << how.name;
        return how.name;
    }
    std::string enter(language l, const std::string& kind) { return enter(as(l, kind)); }
    std::string enter_kazoo(const std::string& kind, const std::string& names)
    {
        auto how = as(language::kazoo, kind);
        how.names = names;
        return enter(std::move(how));
    }

    bool is_granted(const std::string& name, int nth = 1)
    {
        return test::eventually([&] { return arena_.granted(name, nth); }, patience);
    }

    contender& named(const std::string& name)
    {
        return **std::ranges::find_if(contenders_, [&](const auto& c) { return c->name() == name; });
    }

    /// Nobody asks any more, and this one gives up what it holds.
    void send_away(const std::string& name)
    {
        arena_.call_time();
        arena_.make(arena_.file(name + ".stay"));
        EXPECT_TRUE(named(name).ended_within(patience)) << name;
    }

    /// A turn of this process, written down like everybody's.
    lease take_turn(const std::string& op)
    {
        mutex line{arena_.outsider(), arena_.ground().path};
        return take_turn(op, testing::holding_kind::mutex, line.acquire(patience));
    }
    lease take_turn(const std::string& op, testing::holding_kind as, boost::asio::awaitable<lease> asked)
    {
        arena_.log().append(testing::history_event{testing::history_event_type::invoke, op, arena_.ground().key});
        auto held = arena_.outsider().wait(std::move(asked));
        arena_.log().append(event_of(testing::history_event_type::granted, op, as, held));
        return held;
    }
    void give_back(const std::string& op, lease held, testing::holding_kind as = testing::holding_kind::mutex)
    {
        arena_.log().append(event_of(testing::history_event_type::released, op, as, held));
        arena_.outsider().wait(held.release());
    }
    bool try_turn()
    {
        mutex line{arena_.outsider(), arena_.ground().path};
        return arena_.outsider().wait(line.try_acquire(patience)).has_value();
    }

    /// How often a rule was broken, as the judge finds.
    std::int64_t violations(const std::string& rule)
    {
        testing::judge_options how;
        how.required.clear();
        verdict_ = testing::judge(arena_.history(), how);
        const auto found = std::ranges::find(verdict_.rules, rule, &testing::history_rule_finding::rule);
        EXPECT_NE(found, verdict_.rules.end()) << rule;
        return found->violations;
    }

    /// Somebody waits for this place to go.
    bool is_watched(const std::string& place)
    {
        return arena_.servers().four_letter("wchp").find(arena_.ground().path + "/" + place) != std::string::npos;
    }

private:
    static std::filesystem::path directory()
    {
        std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
        std::ranges::replace(test, '/', '-');
        return std::filesystem::temp_directory_path() / ("interop-" + std::to_string(::getpid()) + "-" + test);
    }
    testing::history_event event_of(testing::history_event_type type, const std::string& op, testing::holding_kind as,
                                    const lease& held) const
    {
        testing::history_event e{type, op, arena_.ground().key, held.token()};
        e.kind = as;
        e.held_until = held.held_until().time_since_epoch();
        return e;
    }

    arena arena_{directory()};
    std::vector<std::unique_ptr<contender>> contenders_;
    testing::history_verdict verdict_;
};

}  // namespace turnstile::interop
