// The front program of the order desk: starts the others, plays the acts, shows what came of it.
#include "acts.hpp"
#include "interrupt.hpp"
#include "stage.hpp"
#include "terminal.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace orderdesk;

// Exit codes.
constexpr int as_it_should_be = 0;
constexpr int broken_promise = 1;
constexpr int could_not_play = 2;
constexpr int too_gentle = 3;  // without a guard nothing went wrong: the run proves nothing

struct asked {
    settings how;
    std::filesystem::path keep;
    std::string guard = "lock";
    std::string db = "sqlite";
};

/// Where databases and logs lie: the directory that was given, or one that goes again.
class workplace {
public:
    explicit workplace(const std::filesystem::path& keep) : keeps_{!keep.empty()}, dir_{keep}
    {
        if (keeps_) {
            std::filesystem::create_directories(dir_);
            dir_ = std::filesystem::absolute(dir_);
            return;
        }
        auto pattern = (std::filesystem::temp_directory_path() / "orderdesk-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error{"cannot make a temporary directory"};
        dir_ = pattern;
    }
    workplace(const workplace&) = delete;
    workplace& operator=(const workplace&) = delete;
    ~workplace()
    {
        std::error_code ignored;
        if (!keeps_)
            std::filesystem::remove_all(dir_, ignored);
    }

    const std::filesystem::path& dir() const noexcept { return dir_; }
    bool keeps() const noexcept { return keeps_; }

private:
    bool keeps_;
    std::filesystem::path dir_;
};

std::string anomalies(std::int64_t n) { return thousands(n) + (n == 1 ? " anomaly" : " anomalies"); }

void heading(terminal& out, const std::string& title, const std::string& explanation)
{
    out.say();
    out.say(out.bold(title));
    out.say("   " + out.dim(explanation));
}

void show(terminal& out, const race_result& r)
{
    const auto done = thousands(r.judged.paid) + " orders paid, " + thousands(r.judged.edits) + " price edits";
    if (r.judged.guard == "none")
        return out.verdict(as_promised(r), as_promised(r)
                                               ? anomalies(r.judged.anomalies) + ", as expected: the load is rough enough"
                                               : "no anomaly without a guard: the run was too gentle and proves nothing");
    if (r.judged.guard == "version")
        return out.verdict(as_promised(r), "no edit was lost; " + anomalies(r.judged.anomalies) +
                                               ", for money moves before the check; " + done);
    out.verdict(as_promised(r), anomalies(r.judged.anomalies) + "; " + done);
}

/// What was broken, in words: where nothing should have been.
void explain(terminal& out, const race_result& r)
{
    for (const auto& f : r.judged.findings)
        for (const auto& e : f.examples)
            out.say("         " + f.title + ": " + e);
}

race_result play_race(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard)
{
    auto r = race(zookeeper, s, out, guard);
    show(out, r);
    if (guard == "row" || guard == "lock")
        explain(out, r);
    return r;
}

/// "6.8 (12)"
std::string pinned(const race_result& r)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f (%d)", r.pinned, r.pinned_most);
    return text.data();
}

/// The races beside each other, a column each.
class table {
public:
    table(terminal& out, const std::vector<race_result>& races) : out_{out}, races_{races} {}

    void head() { row("", {"no guard", "version", "row lock", "Turnstile"}, {}); }

    void count(std::size_t rule)
    {
        std::vector<std::string> cells;
        for (const auto& r : races_) {
            const auto& f = r.judged.findings[rule];
            cells.push_back(f.applies ? std::to_string(f.anomalies) : std::string{"-"});
        }
        row(races_.front().judged.findings[rule].title, cells, [this](const std::string& text, const std::string& plain) {
            return plain == "-" ? out_.dim(text) : plain == "0" ? out_.green(text) : out_.red(text);
        });
    }

    void total()
    {
        fact(
            "anomalies", [](const race_result& r) { return std::to_string(r.judged.anomalies); },
            [this](const std::string& text, const std::string& plain) {
                return plain == "0" ? out_.green(text) : out_.red(text);
            });
    }

    using paint = std::function<std::string(const std::string& text, const std::string& plain)>;

    void fact(const std::string& title, const std::function<std::string(const race_result&)>& of, const paint& colour = {})
    {
        std::vector<std::string> cells;
        for (const auto& r : races_)
            cells.push_back(of(r));
        row(title, cells, colour);
    }

    void rule() { out_.say("   " + out_.dim(line())); }

private:
    static constexpr int title_width = 46;
    static constexpr int cell_width = 11;

    std::string line() const
    {
        std::string dashes;
        for (int i = 0; i < title_width + static_cast<int>(races_.size()) * cell_width; ++i)
            dashes += "\u2500";
        return dashes;
    }

    void row(const std::string& title, const std::vector<std::string>& cells, const paint& colour)
    {
        std::string text = "   " + padded_right(title, title_width);
        for (const auto& plain : cells) {
            const auto padded = padded_left(plain, cell_width);
            text += colour ? colour(padded, plain) : padded;
        }
        out_.say(text);
    }

    terminal& out_;
    const std::vector<race_result>& races_;
};

void compare(terminal& out, const std::vector<race_result>& races)
{
    table t{out, races};
    t.head();
    t.rule();
    for (std::size_t i = 0; i < races.front().judged.findings.size(); ++i)
        t.count(i);
    t.rule();
    t.total();
    t.fact("database connections pinned, average (most)", pinned);
    t.fact("requests answered", [](const race_result& r) { return thousands(r.judged.answers); });
    t.fact("orders paid", [](const race_result& r) { return thousands(r.judged.paid); });
    t.fact("prices edited", [](const race_result& r) { return thousands(r.judged.edits); });
    t.fact("time to an answer, median",
           [](const race_result& r) { return seconds(std::chrono::microseconds{r.judged.median_us}); });
    t.fact("time to an answer, 99 of 100",
           [](const race_result& r) { return seconds(std::chrono::microseconds{r.judged.p99_us}); });
    t.fact("the whole race", [](const race_result& r) { return seconds(r.took); });
    out.say();
    out.say("   " + out.dim("One bad moment can break several rules. Waiting for one's turn is what a lock costs."));
}

void list_pictures(terminal& out, const std::vector<std::filesystem::path>& pictures)
{
    for (const auto& p : pictures)
        if (!p.empty())
            out.say("   " + p.string());
}

int demo(const ensemble& zookeeper, const settings& s, terminal& out)
{
    const auto load = std::to_string(s.requests) + " requests on " + std::to_string(s.orders) + " orders";
    std::vector<race_result> races;
    heading(out, "1  The race, without a guard", load + ": read the order, think a moment, write it back.");
    races.push_back(play_race(zookeeper, s, out, "none"));
    heading(out, "2  The race, with a version check",
            "As it is usually done: charge, then write if nobody else has written meanwhile, or else try again.");
    races.push_back(play_race(zookeeper, s, out, "version"));
    heading(
        out, "3  The race, with the row locked",
        s.databases->lock_rows()
            ? "SELECT ... FOR UPDATE: the database keeps the order, and a connection, while the provider is asked."
            : "BEGIN IMMEDIATE, as SQLite locks no rows (--db postgres does): it stays open while the provider is asked.");
    races.push_back(play_race(zookeeper, s, out, "row"));
    heading(out, "4  The race, with the lock",
            "The same programs and requests; each takes its turn at the order: mutex + fencing token.");
    races.push_back(play_race(zookeeper, s, out, "lock"));
    const auto& without = races.front();
    const auto& with = races.back();
    heading(out, "5  Killed in the middle of a payment",
            "kill -9 for the holder, after the charge. Who is next, when, and is the buyer charged again?");
    const auto kill = kill_act(zookeeper, s, out);
    heading(out, "6  The zombie",
            "A holder sleeps through the end of its session, and wakes up believing that it still holds.");
    const auto zombie = zombie_act(zookeeper, s, out);

    heading(out, "The race, judged",
            "The judge reads the order history, the payment provider's book and the buyers' notes.");
    out.say();
    compare(out, races);
    heading(out, "Pictures of one order", "A lane per process: grey waits, colour holds.");
    list_pictures(out, {without.picture, with.picture, kill.picture, zombie.picture});
    out.say();
    out.say(out.bold(std::to_string(with.judged.anomalies) + " anomalies with the lock, " +
                     std::to_string(without.judged.anomalies) + " without"));

    const bool guards_held = std::all_of(races.begin() + 1, races.end(), as_promised);
    if (!guards_held || !kill.good || !zombie.good)
        return broken_promise;
    return as_promised(without) ? as_it_should_be : too_gentle;
}

int race_only(const ensemble& zookeeper, const settings& s, terminal& out, const std::string& guard)
{
    heading(
        out, "The race, guard: " + guard,
        std::to_string(s.requests) + " requests on " + std::to_string(s.orders) + " orders, seed " + std::to_string(s.seed));
    const auto r = race(zookeeper, s, out, guard);
    for (const auto& f : r.judged.findings) {
        out.say("   " + padded_left(f.applies ? std::to_string(f.anomalies) : "-", 5) + "  " + f.title);
        for (const auto& e : f.examples)
            out.say("          " + out.dim(e));
    }
    out.say("         database connections pinned, average (most): " + pinned(r));
    show(out, r);
    list_pictures(out, {r.picture});
    if (as_promised(r))
        return as_it_should_be;
    return guard == "none" ? too_gentle : broken_promise;
}

int one_act(terminal& out, const std::string& title, const std::string& explanation, const std::function<act_result()>& act)
{
    heading(out, title, explanation);
    const auto r = act();
    list_pictures(out, {r.picture});
    return r.good ? as_it_should_be : broken_promise;
}

void introduce(terminal& out, const asked& a)
{
    out.say(out.bold("Turnstile: the order desk"));
    out.say("A buyer taps \"pay\" at the very moment the merchant edits the price. Separate programs change the same");
    out.say("order: payd takes payments, priced edits prices, pspd moves the money, and a judge reads the books.");
    out.say(out.dim(a.how.servers.empty() ? "ZooKeeper: a server of our own, on a free port of 127.0.0.1. Seed " +
                                                std::to_string(a.how.seed) + "."
                                          : "ZooKeeper: " + a.how.servers + ". Seed " + std::to_string(a.how.seed) + "."));
    if (a.db == "postgres")
        out.say(out.dim("The orders: PostgreSQL, a server of our own, on a Unix socket."));
}

using act = std::function<int(const ensemble&, const settings&, terminal&)>;

int play(asked a, const act& chosen)
{
    terminal out;
    introduce(out, a);
    const workplace place{a.keep};
    a.how.dir = place.dir();
    a.how.pictures = place.keeps() ? place.dir() / "pictures" : programs_dir() / "pictures";
    catch_interrupts();
    try {
        const order_databases databases{a.db == "postgres"};
        a.how.databases = &databases;
        const ensemble zookeeper{a.how.servers};
        return chosen(zookeeper, a.how, out);
    } catch (const interrupted& e) {
        out.progress_ends();
        std::fprintf(stderr, "interrupted; everything that was started has been stopped\n");
        return 128 + e.signal();
    }
}

void add_options(CLI::App& app, asked& a)
{
    app.add_option("--seed", a.how.seed, "The same seed asks for the same")->capture_default_str();
    app.add_option("--connect", a.how.servers, "host:port,host:port of an ensemble to use, instead of a server of our own");
    app.add_option("--db", a.db, "Where the orders are: sqlite, a file; postgres, a server of our own")
        ->capture_default_str()
        ->check(CLI::IsMember({"sqlite", "postgres"}));
    app.add_option("--keep", a.keep, "Keep databases, logs and pictures in this directory");
}

void add_load_options(CLI::App& app, asked& a)
{
    app.add_option("--orders", a.how.orders, "How many orders")->capture_default_str()->check(CLI::Range(1, 10'000));
    app.add_option("--requests", a.how.requests, "How many requests in all")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "The order desk: services that change the same orders, with and without Turnstile's lock.\n"
        "Exit code: 0 as it should be, 1 a promise was broken, 2 could not play, 3 the load was too gentle.",
        "orderdesk"};
    app.require_subcommand(1);
    asked a;
    act chosen;

    auto* whole = app.add_subcommand("demo", "All acts, and the comparison");
    add_options(*whole, a);
    add_load_options(*whole, a);
    whole->callback([&] { chosen = demo; });

    auto* racing = app.add_subcommand("race", "Payments and price edits hit the same orders; the judge counts what broke");
    add_options(*racing, a);
    add_load_options(*racing, a);
    racing
        ->add_option("--guard", a.guard,
                     "none: read, think, write. version: write what nobody else has written meanwhile. row: SELECT ... FOR "
                     "UPDATE. lock: take a turn, with a fencing token")
        ->capture_default_str()
        ->check(CLI::IsMember({"none", "version", "row", "lock"}));
    racing->callback([&] {
        chosen = [&](const ensemble& z, const settings& s, terminal& out) { return race_only(z, s, out, a.guard); };
    });

    auto* killing =
        app.add_subcommand("kill", "kill -9 for a holder in the middle of a payment; who waits is served in order");
    add_options(*killing, a);
    killing->callback([&] {
        chosen = [](const ensemble& z, const settings& s, terminal& out) {
            return one_act(out, "Killed in the middle of a payment", "kill -9 for the holder, after the charge.",
                           [&] { return kill_act(z, s, out); });
        };
    });

    auto* freezing = app.add_subcommand("zombie", "A holder frozen beyond its session wakes up and tries to write");
    add_options(*freezing, a);
    freezing->callback([&] {
        chosen = [](const ensemble& z, const settings& s, terminal& out) {
            return one_act(out, "The zombie", "A holder sleeps through the end of its session, and wakes up.",
                           [&] { return zombie_act(z, s, out); });
        };
    });

    try {
        app.parse(argc, argv);
        return play(a, chosen);
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "orderdesk: %s\n", e.what());
        return could_not_play;
    }
}
