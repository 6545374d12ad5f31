#include "acts.hpp"
#include "comparison.hpp"
#include "court.hpp"
#include "desk/broker.hpp"
#include "desk/outbox.hpp"
#include "interrupt.hpp"
#include "judge/verdict_json.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace orderdesk {

namespace {

using namespace std::chrono_literals;

constexpr int messages = 200;
constexpr int sent_again = 40;
constexpr int consumers = 3;
constexpr int kills = 12;
constexpr int die_within = 45;  // places where kill -9 could hit
constexpr std::chrono::milliseconds session_timeout = 800ms;
constexpr std::chrono::milliseconds invisible = 600ms;  // in the table; RabbitMQ delivers again when a consumer is gone
constexpr auto patience = 60s;

/// A producer that gets no confirmation sends again: at once, or when it finds out later.
std::vector<letter> letters_of(std::uint64_t seed)
{
    std::mt19937_64 random{seed};
    const auto draw = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random); };
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::vector<letter> all;
    for (int i = 1; i <= messages; ++i)
        all.push_back({"order-" + std::to_string(i) + "-paid", "Order " + std::to_string(i) + " is paid. Thank you!", now});
    auto again = all;
    std::ranges::shuffle(again, random);
    for (int i = 0; i < sent_again; ++i) {
        const auto first = std::ranges::find(all, again[static_cast<std::size_t>(i)].id, &letter::id);
        const auto at = static_cast<std::size_t>(first - all.begin());
        const auto later = i % 2 == 0 ? at + 1 : at + 1 + draw(all.size() - at);
        all.insert(all.begin() + static_cast<std::ptrdiff_t>(later), again[static_cast<std::size_t>(i)]);
    }
    return all;
}

/// Consumers that die at places drawn from the seed, and come back, until the queue is empty.
class shift {
public:
    shift(stage& st, std::string where, std::string setting, std::uint64_t seed)
        : st_{st}, where_{std::move(where)}, setting_{std::move(setting)}, random_{seed}, mails_{st.dir() / "outbox.db"}
    {
        for (int i = 1; i <= consumers; ++i)
            at_work_.push_back(&begin(i));
    }

    /// Whoever has died is noted, and comes back under another name.
    void look_after()
    {
        for (std::size_t i = 0; i < at_work_.size(); ++i) {
            auto& one = *at_work_[i];
            if (one.running())
                continue;
            if (!may_die_.contains(one.name()))
                st_.expect_alive(one);
            mails_.note_killed(one.name());
            at_work_[i] = &begin(static_cast<int>(i) + 1);
        }
    }

private:
    child& begin(int number)
    {
        const auto name = "notifyd-" + std::to_string(number) + "." + std::to_string(++begun_);
        std::vector<std::string> arguments{"--name",   name,   "--setting",   setting_,
                                           "--broker", where_, "--invisible", std::to_string(invisible.count())};
        if (setting_ == "gate" || setting_ == "both")
            arguments.insert(arguments.end(), {"--zookeeper", st_.zookeeper().servers(), "--root", st_.root(),
                                               "--session-timeout", std::to_string(session_timeout.count())});
        if (static_cast<int>(may_die_.size()) < kills) {
            const auto at = std::uniform_int_distribution{1, die_within}(random_);
            arguments.insert(arguments.end(), {"--die-at", std::to_string(at)});
            may_die_.insert(name);
        }
        return st_.start("notifyd", name, arguments);
    }

    stage& st_;
    std::string where_;
    std::string setting_;
    std::mt19937_64 random_;
    outbox mails_;
    std::vector<child*> at_work_;
    std::set<std::string> may_die_;
    int begun_ = 0;
};

messages_verdict play(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& setting)
{
    stage st{zookeeper, *s.databases, s.dir / ("messages-" + setting)};
    const auto where = s.brokers->make_for(st.dir());
    outbox::make(st.dir() / "outbox.db", setting);
    const auto queue = open_broker(where, message_brokers::book_in(st.dir()), invisible);
    const auto letters = letters_of(s.seed);
    for (const auto& l : letters)
        queue->send(l);

    const auto began = std::chrono::steady_clock::now();
    const auto since = [&] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    };
    const auto all = static_cast<int>(letters.size());
    shift consumers_at_work{st, where, setting, s.seed};
    for (int left = all; left > 0; left = queue->unacknowledged()) {
        out.progress("messages acknowledged, " + padded_right(setting, 5), all - left, all, since());
        consumers_at_work.look_after();
        pause(20ms);
        if (since() > patience)
            throw std::runtime_error{"the queue is not empty after " + seconds(patience)};
    }
    out.progress("messages acknowledged, " + padded_right(setting, 5), all, all, since());
    out.progress_ends();
    st.everybody_leaves();
    if (const auto back = queue->unacknowledged(); back > 0)  // who leaves gives back all that it holds
        throw std::runtime_error{std::to_string(back) + " messages were still held by consumers that had said nothing"};
    return verdict_from<messages_verdict>(call_the_judge(st, "--messages"));
}

template <class Of>
std::vector<std::int64_t> each(const std::vector<messages_verdict>& all, Of of)
{
    std::vector<std::int64_t> cells;
    for (const auto& v : all)
        cells.push_back(of(v));
    return cells;
}

std::int64_t found(const messages_verdict& v, std::string_view rule)
{
    const auto f = std::ranges::find(v.findings, rule, &finding::rule);
    return f == v.findings.end() ? 0 : f->anomalies;
}

void show(terminal& out, const std::vector<messages_verdict>& all)
{
    const comparison table{out, {"nothing", "gate", "inbox", "both"}};
    out.say();
    table.head();
    table.rule();
    table.counts("e-mails sent twice", each(all, [](const auto& v) { return v.doubled; }));
    table.counts("e-mails never sent", each(all, [](const auto& v) { return v.missing; }));
    table.rule();
    table.facts("doubles that reached the database and its inbox", each(all, [](const auto& v) { return v.conflicts; }));
    table.facts("delivered again by the broker", each(all, [](const auto& v) { return v.deliveries - v.sends; }));
    table.facts("consumers killed (kill -9)", each(all, [](const auto& v) { return v.kills; }));
    out.say();
}

}  // namespace

messages_result messages_act(const ensemble& zookeeper, const settings& s, terminal& out)
{
    messages_result r;
    for (const auto* setting : {"none", "gate", "inbox", "both"})
        r.verdicts.push_back(play(zookeeper, s, out, setting));
    const auto& none = r.verdicts[0];
    const auto& gate = r.verdicts[1];
    const auto& inbox = r.verdicts[2];
    const auto& both = r.verdicts[3];
    show(out, r.verdicts);

    r.rough = none.doubled > 0;
    const bool gate_good = gate.missing == 0 && found(gate, "unexplained") == 0 && gate.doubled < none.doubled;
    const bool inbox_good = inbox.anomalies == 0;
    const bool both_good = both.anomalies == 0 && both.conflicts < inbox.conflicts;
    out.verdict(r.rough, r.rough ? "without anything, e-mails are sent twice: the load is rough enough"
                                 : "nothing was doubled without a guard: the run was too gentle and proves nothing");
    out.verdict(gate_good, "the gate alone: none but those whose consumer died between the effect and its mark (" +
                               thousands(gate.doubled) + "), none is missing");
    out.verdict(inbox_good, "the inbox, a row in the effect's own transaction: each message once");
    out.verdict(both_good, "both: each message once, and " + thousands(both.conflicts) +
                               " doubles reached the database, not " + thousands(inbox.conflicts));
    r.good = gate_good && inbox_good && both_good;
    return r;
}

}  // namespace orderdesk
