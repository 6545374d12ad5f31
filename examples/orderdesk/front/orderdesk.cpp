// The front program of the order desk: starts the others, plays the acts, shows what came of it.
#include "acts.hpp"
#include "interrupt.hpp"
#include "programme.hpp"
#include "stage.hpp"
#include "terminal.hpp"

#include <turnstile/testing/temporary_directory.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace orderdesk;

struct asked {
    settings how;
    std::filesystem::path keep;
    std::string guard = "lane";
    std::string db = "sqlite";
    std::string broker = "table";
    bool durable = false;
};

/// Where databases and logs lie: the directory that was given, or one that goes again.
class workplace {
public:
    explicit workplace(const std::filesystem::path& keep)
    {
        if (keep.empty()) {
            own_.emplace("orderdesk");
            return;
        }
        std::filesystem::create_directories(keep);
        given_ = std::filesystem::absolute(keep);
    }

    const std::filesystem::path& dir() const noexcept { return own_ ? own_->path() : given_; }
    bool keeps() const noexcept { return !own_; }

private:
    std::optional<turnstile::testing::temporary_directory> own_;
    std::filesystem::path given_;
};

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
    if (a.broker == "rabbitmq")
        out.say(out.dim("The broker: RabbitMQ, a node of our own, on free ports of 127.0.0.1; it starts for a while."));
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
        const order_databases databases{a.db == "postgres", a.durable};
        a.how.databases = &databases;
        const message_brokers brokers{a.broker == "rabbitmq"};
        a.how.brokers = &brokers;
        const ensemble zookeeper{a.how.servers, a.durable};
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

void add_broker_option(CLI::App& app, asked& a)
{
    app.add_option("--broker", a.broker, "Messages go through: table, an embedded queue; rabbitmq, a node of our own")
        ->capture_default_str()
        ->check(CLI::IsMember({"table", "rabbitmq"}));
}

void add_load_options(CLI::App& app, asked& a)
{
    app.add_option("--orders", a.how.orders, "How many orders")->capture_default_str()->check(CLI::Range(1, 10'000));
    app.add_option("--requests", a.how.requests, "How many requests in all")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
}

/// For those who measure.
void add_race_options(CLI::App& app, asked& a)
{
    app.add_option("--at-once", a.how.at_once, "Orders that are busy at the same time")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    app.add_flag("--hurry", a.how.hurry,
                 "Nobody hesitates or thinks, and the payment provider answers at once: what is left is what a turn costs");
    app.add_flag("--durable", a.durable,
                 "The database and our own ZooKeeper acknowledge what is on the disk, as in production");
    app.add_option("--json", a.how.figures, "A file for what came of it, for programs");
}

}  // namespace

int main(int argc, char** argv)
{
    CLI::App app{
        "The order desk: services that change the same orders, with and without Turnstile.\n"
        "Exit code: 0 as it should be, 1 a promise was broken, 2 could not play, 3 the load was too gentle.",
        "orderdesk"};
    app.require_subcommand(1);
    asked a;
    act chosen;

    auto* whole = app.add_subcommand("demo", "All acts, and the comparison");
    add_options(*whole, a);
    add_load_options(*whole, a);
    add_broker_option(*whole, a);
    whole->callback([&] { chosen = show_demo; });

    auto* racing = app.add_subcommand("race", "Payments and price edits hit the same orders; the judge counts what broke");
    add_options(*racing, a);
    add_load_options(*racing, a);
    add_race_options(*racing, a);
    racing
        ->add_option("--guard", a.guard,
                     "none: read, think, write. version: write what nobody else has written meanwhile. row: SELECT ... FOR "
                     "UPDATE. lane: take a turn, with a declared intent and a fence")
        ->capture_default_str()
        ->check(CLI::IsMember({"none", "version", "row", "lane"}));
    racing->callback([&] {
        chosen = [&](const ensemble& z, const settings& s, terminal& out) { return show_race(z, s, out, a.guard); };
    });

    const auto add_act = [&](const char* name, const char* description, const act& show) {
        auto* command = app.add_subcommand(name, description);
        add_options(*command, a);
        command->callback([&chosen, show] { chosen = show; });
        return command;
    };
    add_act("kill", "kill -9 for a holder; who waits is served in order", show_kill);
    add_act("payer", "kill -9 for a payer after the charge; who comes next is told, and puts it right", show_payer);
    add_act("zombie", "A holder frozen beyond its session wakes up and tries to write", show_zombie);
    add_act("taps", "One user taps \"buy\" fifty times through five processes: one order", show_taps);
    add_broker_option(
        *add_act("messages", "Consumers are killed at random places; each message takes effect once", show_messages), a);

    add_act("faults", "The race on three servers of our own, while they are killed, stopped and restarted",
            [](const ensemble&, const settings& s, terminal& out) { return show_faults(s, out); });

    std::filesystem::path book;
    auto* verifying =
        app.add_subcommand("verify",
                           "Proves from an act's book that no order was written outside a turn, or shows where.\n"
                           "Exit code: 0 nothing was, 1 something was, 2 there is no such book");
    verifying->add_option("book", book, "The act's directory, as --keep has left it: DIR/race-lane")
        ->required()
        ->check(CLI::ExistingDirectory);

    try {
        app.parse(argc, argv);
        if (terminal out; verifying->parsed())
            return show_proof(book, out);
        return play(a, chosen);
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "orderdesk: %s\n", e.what());
        return exit_code::could_not_play;
    }
}
