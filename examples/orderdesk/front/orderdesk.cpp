// The front program of the order desk: starts the others, plays the acts, shows what came of it.
#include "acts.hpp"
#include "interrupt.hpp"
#include "stage.hpp"
#include "terminal.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
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
    if (r.judged.guard != "none")
        return out.verdict(as_promised(r), anomalies(r.judged.anomalies) + "; " + thousands(r.judged.paid) +
                                               " orders paid, " + thousands(r.judged.edits) + " price edits");
    out.verdict(as_promised(r), as_promised(r) ? anomalies(r.judged.anomalies) + ", as expected: the load is rough enough"
                                               : "no anomaly without a guard: the run was too gentle and proves nothing");
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
    if (guard != "none")
        explain(out, r);
    return r;
}

class table {
public:
    explicit table(terminal& out) : out_{out} {}

    void head() { row("", "no guard", "lock", {}); }

    void count(const finding& without, const finding& with)
    {
        const auto cell = [](const finding& f) { return f.applies ? std::to_string(f.anomalies) : std::string{"-"}; };
        row(without.title, cell(without), cell(with), [this](const std::string& text, const std::string& plain) {
            return plain == "-" ? out_.dim(text) : plain == "0" ? out_.green(text) : out_.red(text);
        });
    }

    void fact(const std::string& title, const std::string& without, const std::string& with)
    {
        row(title, without, with, {});
    }

    void total(std::int64_t without, std::int64_t with)
    {
        row("anomalies", std::to_string(without), std::to_string(with),
            [this](const std::string& text, const std::string& plain) {
                return plain == "0" ? out_.green(text) : out_.red(text);
            });
    }

    void rule() { out_.say("   " + out_.dim(line())); }

private:
    using paint = std::function<std::string(const std::string& text, const std::string& plain)>;

    static constexpr int title_width = 46;
    static constexpr int cell_width = 11;

    static std::string line()
    {
        std::string dashes;
        for (int i = 0; i < title_width + 2 * cell_width; ++i)
            dashes += "\u2500";
        return dashes;
    }

    void row(const std::string& title, const std::string& without, const std::string& with, const paint& colour)
    {
        const auto cell = [&](const std::string& plain) {
            const auto text = padded_left(plain, cell_width);
            return colour ? colour(text, plain) : text;
        };
        out_.say("   " + padded_right(title, title_width) + cell(without) + cell(with));
    }

    terminal& out_;
};

void compare(terminal& out, const race_result& without, const race_result& with)
{
    table t{out};
    t.head();
    t.rule();
    for (std::size_t i = 0; i < without.judged.findings.size(); ++i)
        t.count(without.judged.findings[i], with.judged.findings[i]);
    t.rule();
    t.total(without.judged.anomalies, with.judged.anomalies);
    t.fact("requests answered", thousands(without.judged.answers), thousands(with.judged.answers));
    t.fact("orders paid", thousands(without.judged.paid), thousands(with.judged.paid));
    t.fact("prices edited", thousands(without.judged.edits), thousands(with.judged.edits));
    t.fact("time to an answer, median", seconds(std::chrono::microseconds{without.judged.median_us}),
           seconds(std::chrono::microseconds{with.judged.median_us}));
    t.fact("time to an answer, 99 of 100", seconds(std::chrono::microseconds{without.judged.p99_us}),
           seconds(std::chrono::microseconds{with.judged.p99_us}));
    t.fact("the whole race", seconds(without.took), seconds(with.took));
    out.say();
    out.say("   " + out.dim("One bad moment can break several rules. Waiting for one's turn is what the lock costs."));
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
    heading(out, "1  The race, without a guard", load + ": read the order, think a moment, write it back.");
    const auto without = play_race(zookeeper, s, out, "none");
    heading(out, "2  The race, with the lock",
            "The same programs and requests; each takes its turn at the order: mutex + fencing token.");
    const auto with = play_race(zookeeper, s, out, "lock");
    heading(out, "3  Killed in the middle of a payment",
            "kill -9 for the holder, after the charge. Who is next, when, and is the buyer charged again?");
    const auto kill = kill_act(zookeeper, s, out);
    heading(out, "4  The zombie",
            "A holder sleeps through the end of its session, and wakes up believing that it still holds.");
    const auto zombie = zombie_act(zookeeper, s, out);

    heading(out, "The race, judged",
            "The judge reads the order history, the payment provider's book and the buyers' notes.");
    out.say();
    compare(out, without, with);
    heading(out, "Pictures of one order", "A lane per process: grey waits, colour holds.");
    list_pictures(out, {without.picture, with.picture, kill.picture, zombie.picture});
    out.say();
    out.say(out.bold(std::to_string(with.judged.anomalies) + " anomalies with the lock, " +
                     std::to_string(without.judged.anomalies) + " without"));

    if (!as_promised(with) || !kill.good || !zombie.good)
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
    racing->add_option("--guard", a.guard, "none: read, think, write. lock: take a turn, with a fencing token")
        ->capture_default_str()
        ->check(CLI::IsMember({"none", "lock"}));
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
