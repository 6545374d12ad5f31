// Histories on disk: what is written is read again, and what cannot be read is said with its line.
#include "support/story.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

namespace turnstile::test {

using testing::history_errc;
using testing::history_error;

namespace {

std::vector<history_event> read(const std::string& text)
{
    std::istringstream in{text};
    return testing::read_history(in);
}

/// What reading it fails with, and in which line.
std::pair<history_errc, std::size_t> failure_of(const std::string& text)
{
    try {
        read(text);
    } catch (const history_error& e) {
        EXPECT_NE(std::string{e.what()}.find("line " + std::to_string(e.line())), std::string::npos);
        return {e.code(), e.line()};
    }
    return {history_errc{}, 0};
}

const std::string good = R"({"t":1,"boot":2,"type":"invoke","op":"o","key":"k"})"
                         "\n";

class temporary_file {
public:
    temporary_file() : name_{std::filesystem::temp_directory_path() / ("history-" + std::to_string(::getpid()) + ".jsonl")}
    {
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { std::filesystem::remove(name_); }
    const std::filesystem::path& name() const { return name_; }

private:
    std::filesystem::path name_;
};

void record_some(const std::filesystem::path& file, const std::string& process)
{
    testing::history_recorder log{file, process};
    for (int i = 0; i < 500; ++i) {
        history_event e{history_event_type::invoke, process + "-" + std::to_string(i), "a"};
        e.detail = std::string(200, 'x');
        log.append(e);
    }
}

}  // namespace

TEST(history_format, EveryFieldComesBackAsItWasWritten)
{
    history_event e{history_event_type::effect, "w1-7", "orders/42", 99};
    e.monotonic = 5ns;
    e.boot = 6ns;
    e.process = "w1";
    e.victim = "w2";
    e.session = 0x1234;
    e.kind = testing::holding_kind::permits;
    e.held_until = 77ns;
    e.checked = 76ns;
    e.weight = 3;
    e.maximum = 8;
    e.waits = false;
    e.accepted = false;
    e.zombie = true;
    e.fault = "none";
    e.detail = "with \"quotes\"\nand a second line";
    e.nodes = 1;
    e.watches = 2;
    e.waited = 3ns;
    EXPECT_EQ(testing::parse_event(testing::to_line(e)), e);
    EXPECT_EQ(testing::to_line(e).find('\n'), std::string::npos);
}

TEST(history_format, EveryTypeHasANameThatIsReadAgain)
{
    std::set<std::string_view> names;
    for (int t = 0; t <= static_cast<int>(history_event_type::census); ++t) {
        history_event e{static_cast<history_event_type>(t), "o", "k", 1};
        e.victim = "p";
        e.session = 1;
        e.fault = "f";
        names.insert(testing::name_of(e.type));
        EXPECT_EQ(testing::parse_event(testing::to_line(e)), e) << testing::to_line(e);
    }
    EXPECT_EQ(names.size(), static_cast<std::size_t>(history_event_type::census) + 1);
}

TEST(history_format, LinesComeInTheOrderOfTheirStamps)
{
    const auto events = read(R"({"t":9,"boot":9,"type":"quiet"})"
                             "\n\n" +
                             good);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events.front().type, history_event_type::invoke);
}

TEST(history_format, WhatIsNoEventIsSaidWithItsLine)
{
    using enum history_errc;
    using failure = std::pair<history_errc, std::size_t>;
    EXPECT_EQ(failure_of(good), (failure{history_errc{}, 0}));
    EXPECT_EQ(failure_of(good + "nonsense\n"), (failure{not_json, 2}));
    EXPECT_EQ(failure_of(good + "\n" + good.substr(0, 30)), (failure{not_json, 3}));
    EXPECT_EQ(failure_of("[1,2]\n"), (failure{not_an_object, 1}));
    EXPECT_EQ(failure_of(R"({"boot":2,"type":"quiet"})"), (failure{missing_field, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"type":"quiet"})"), (failure{missing_field, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2})"), (failure{missing_field, 1}));
    EXPECT_EQ(failure_of(R"({"t":"1","boot":2,"type":"quiet"})"), (failure{wrong_type, 1}));
    EXPECT_EQ(failure_of(R"({"t":1.5,"boot":2,"type":"quiet"})"), (failure{wrong_type, 1}));
    EXPECT_EQ(failure_of(R"({"t":-1,"boot":2,"type":"quiet"})"), (failure{bad_value, 1}));
    EXPECT_EQ(failure_of(R"({"t":18446744073709551615,"boot":2,"type":"quiet"})"), (failure{bad_value, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2,"type":"acquired"})"), (failure{bad_value, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2,"type":"granted","op":"o","key":"k","token":1,"kind":"spin"})"),
              (failure{bad_value, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2,"type":"granted","op":"o","key":"k","token":1,"weight":0})"),
              (failure{bad_value, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2,"type":"granted","op":"o","key":"k"})"), (failure{missing_field, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2,"type":"invoke","op":"o"})"), (failure{missing_field, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2,"type":"invoke","op":"o","key":7})"), (failure{wrong_type, 1}));
    EXPECT_EQ(failure_of(R"({"t":1,"boot":2,"type":"fault","op":"f1"})"), (failure{missing_field, 1}));
    EXPECT_EQ(failure_of(good + std::string(70'000, ' ') + "x"), (failure{too_long, 2}));
    EXPECT_EQ(failure_of(std::string(60'000, '[')), (failure{not_json, 1}));
}

TEST(history_format, AFileThatIsNotThereIsUnreadable)
{
    try {
        testing::read_history(std::filesystem::path{"/no/such/history.jsonl"});
        FAIL();
    } catch (const history_error& e) {
        EXPECT_EQ(e.code(), history_errc::unreadable);
        EXPECT_EQ(e.line(), 0U);
    }
}

TEST(history_format, ThreadsAndProcessesShareAFileLineByLine)
{
    const temporary_file file;
    const auto child = ::fork();
    if (child == 0) {
        record_some(file.name(), "child");
        ::_exit(0);
    }
    std::thread other{[&] { record_some(file.name(), "thread"); }};
    record_some(file.name(), "main");
    other.join();
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);

    const auto events = testing::read_history(file.name());
    EXPECT_EQ(events.size(), 1500U);
    std::set<std::string> ops;
    for (const auto& e : events) {
        ops.insert(e.op);
        EXPECT_GT(e.monotonic.count(), 0);
        EXPECT_GE(e.boot, e.monotonic);
    }
    EXPECT_EQ(ops.size(), 1500U);
}

TEST(history_format, ARecorderThatCannotWriteSaysSo)
{
    EXPECT_THROW((testing::history_recorder{"/no/such/directory/h.jsonl", "p"}), std::system_error);
    testing::history_recorder full{"/dev/full", "p"};
    EXPECT_THROW(full.append(history_event{history_event_type::quiet}), std::system_error);
}

}  // namespace turnstile::test
