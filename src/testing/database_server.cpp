#include <turnstile/testing/database_server.hpp>
#include <turnstile/testing/temporary_directory.hpp>

#include "child_process.hpp"

#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace turnstile::inline v0::testing {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

constexpr auto start_patience = 60s;
constexpr auto stop_patience = 10s;
constexpr auto look_interval = 10ms;
constexpr auto log_tail_size = 4000;
constexpr auto setpriv = "/usr/bin/setpriv";

/// Debian keeps PostgreSQL's programs in a directory for each version; the newest.
fs::path postgresql_programs()
{
    fs::path newest;
    int version = 0;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator{"/usr/lib/postgresql", none}) {
        const int found = std::atoi(entry.path().filename().c_str());
        if (found > version && fs::exists(entry.path() / "bin/initdb")) {
            version = found;
            newest = entry.path() / "bin";
        }
    }
    return newest;
}

bool runs_as_root() noexcept { return ::geteuid() == 0; }

/// Ends with us, by the signal that a server of this kind takes for "at once"; and never as root.
words on_a_leash(const char* signal, words command)
{
    words all{setpriv, std::string{"--pdeathsig="} + signal};
    if (runs_as_root())
        all.insert(all.end(), {"--reuid=nobody", "--regid=nogroup", "--clear-groups"});
    all.insert(all.end(), command.begin(), command.end());
    return all;
}

void give_to_who_runs(const fs::path& directory)
{
    if (!runs_as_root())
        return;
    const passwd* nobody = ::getpwnam("nobody");
    if (nobody == nullptr || ::chown(directory.c_str(), nobody->pw_uid, nobody->pw_gid) != 0)
        throw std::runtime_error{"a database server cannot run as root, and there is no user `nobody`"};
}

bool somebody_listens(const fs::path& socket)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto name = socket.string();
    if (name.size() >= sizeof address.sun_path)
        throw std::runtime_error{"the name of the socket is too long: " + name};
    std::ranges::copy(name, static_cast<char*>(address.sun_path));
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

/// PostgreSQL listens before it serves; it writes here when it does.
bool says_ready(const fs::path& pid_file)
{
    std::ifstream in{pid_file};
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("ready"))
            return true;
    return false;
}

}  // namespace

class database_server::impl {
public:
    impl(database_kind kind, database_options options) : kind_{kind}, options_{options} { give_to_who_runs(directory()); }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;
    ~impl()
    {
        if (owner_ != ::getpid())
            return;
        if (process_) {
            process_->signal(is_postgresql() ? SIGQUIT : SIGKILL);
            process_->ended_within(stop_patience);
        }
    }

    /// MariaDB makes its own, but for the tables of users, which nobody needs here.
    void make_files()
    {
        child_process making{on_a_leash("KILL", is_postgresql() ? initdb() : words{"/usr/bin/mkdir", data()}), log()};
        if (!making.ended_within(start_patience) || !fs::exists(is_postgresql() ? data() / "PG_VERSION" : data()))
            give_up("could not make its files");
    }

    void start()
    {
        process_.emplace(on_a_leash(is_postgresql() ? "QUIT" : "KILL", is_postgresql() ? postgres() : mariadbd()), log());
        const auto until = std::chrono::steady_clock::now() + start_patience;
        while (!serves()) {
            if (process_->ended_within(look_interval))
                give_up("ended while starting");
            if (std::chrono::steady_clock::now() >= until)
                give_up("did not start");
        }
    }

    bool is_postgresql() const noexcept { return kind_ == database_kind::postgresql; }
    const fs::path& directory() const noexcept { return directory_.path(); }
    fs::path socket() const { return directory() / (is_postgresql() ? ".s.PGSQL.5432" : "mariadb.sock"); }

    std::string log_tail() const
    {
        std::ostringstream all;
        all << std::ifstream{log()}.rdbuf();
        const auto text = all.str();
        return text.substr(text.size() - std::min<std::size_t>(text.size(), log_tail_size));
    }

private:
    bool serves() const { return is_postgresql() ? says_ready(data() / "postmaster.pid") : somebody_listens(socket()); }

    words initdb() const
    {
        return {postgresql_programs() / "initdb",
                "--pgdata=" + data().string(),
                "--username=turnstile",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync"};
    }

    words postgres() const
    {
        words command{postgresql_programs() / "postgres", "-D", data()};
        for (const auto* setting : {"listen_addresses=", "shared_buffers=32MB"})
            command.insert(command.end(), {"-c", setting});
        if (!options_.fsync)
            command.insert(command.end(), {"-c", "fsync=off", "-c", "full_page_writes=off"});
        command.insert(command.end(), {"-c", "unix_socket_directories=" + directory().string()});
        return command;
    }

    words mariadbd() const
    {
        return {"/usr/sbin/mariadbd",
                "--no-defaults",
                "--datadir=" + data().string(),
                "--socket=" + socket().string(),
                "--pid-file=" + (directory() / "mariadb.pid").string(),
                "--skip-networking",
                "--skip-grant-tables",
                options_.fsync ? "--innodb-flush-log-at-trx-commit=1" : "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=32M",
                "--innodb-log-file-size=16M"};
    }

    fs::path data() const { return directory() / "data"; }
    fs::path log() const { return directory() / "log"; }

    [[noreturn]] void give_up(const std::string& what) const
    {
        throw std::runtime_error{std::string{is_postgresql() ? "PostgreSQL " : "MariaDB "} + what + ":\n" + log_tail()};
    }

    const pid_t owner_ = ::getpid();
    const database_kind kind_;
    const database_options options_;
    const temporary_directory directory_{"turnstile-db"};
    std::optional<child_process> process_;  // ends before its directory goes
};

std::string database_server::missing(database_kind kind)
{
    if (!fs::exists(setpriv))
        return "there is no setpriv; on Debian: apt-get install util-linux";
    if (kind == database_kind::postgresql)
        return postgresql_programs().empty() ? "PostgreSQL is not installed; on Debian: apt-get install postgresql" : "";
    if (!fs::exists("/usr/sbin/mariadbd"))
        return "MariaDB is not installed; on Debian: apt-get install mariadb-server-core";
    return "";
}

database_server::database_server(database_kind kind, database_options options)
{
    if (const auto why = missing(kind); !why.empty())
        throw std::runtime_error{why};
    impl_ = std::make_unique<impl>(kind, options);
    impl_->make_files();
    impl_->start();
}

database_server::~database_server() = default;

database_kind database_server::kind() const noexcept
{
    return impl_->is_postgresql() ? database_kind::postgresql : database_kind::mariadb;
}

const fs::path& database_server::socket_directory() const noexcept { return impl_->directory(); }

fs::path database_server::socket() const { return impl_->socket(); }

const char* database_server::user() const noexcept { return impl_->is_postgresql() ? "turnstile" : "root"; }

std::string database_server::log_tail() const { return impl_->log_tail(); }

}  // namespace turnstile::inline v0::testing
