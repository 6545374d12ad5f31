#include "child.hpp"

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>

#include <sys/prctl.h>
#include <unistd.h>
#include <csignal>

#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

namespace orderdesk {

namespace {

namespace bp = boost::process;
using namespace std::chrono_literals;

constexpr auto stop_patience = 2s;

/// Runs in the child, between fork and exec. The thread that starts children is the main thread and lives as long as the
/// front program: the signal means that that is gone.
void die_with(pid_t parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
        ::_exit(1);
}

}  // namespace

struct child::process {
    bp::child handle;
};

child::child(std::string name, const std::filesystem::path& program, const std::vector<std::string>& arguments,
             const std::filesystem::path& out, const std::filesystem::path& log)
    : name_{std::move(name)}
{
    const pid_t parent = ::getpid();
    process_ = std::make_unique<process>(
        process{bp::child{bp::exe = program.string(), bp::args = arguments, bp::std_in<bp::null, bp::std_out> out.string(),
                          bp::std_err > log.string(), bp::extend::on_exec_setup = [parent](auto&) { die_with(parent); }}});
}

child::~child() { stop(); }

pid_t child::pid() const { return process_->handle.id(); }

bool child::running()
{
    std::error_code ignored;
    return process_->handle.running(ignored);
}

int child::exit_code() const { return process_->handle.exit_code(); }

void child::send(int signal)
{
    if (running())
        ::kill(pid(), signal);
}

void child::stop()
{
    send(SIGTERM);
    send(SIGCONT);  // a frozen one hears nothing
    for (const auto until = std::chrono::steady_clock::now() + stop_patience; running();) {
        if (std::chrono::steady_clock::now() > until)
            send(SIGKILL);
        std::this_thread::sleep_for(5ms);
    }
}

}  // namespace orderdesk
