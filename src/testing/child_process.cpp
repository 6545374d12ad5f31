#include "child_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>

namespace turnstile::inline v0::testing {

namespace {

struct spawned {
    pid_t pid = 0;
    int error = 0;
};

/// What the child needs, made before the fork: after it, in a process of many threads, nothing may be allocated.
struct launch {
    std::vector<char*> arguments;
    int input;
    int output;
    int failure;  ///< where errno goes when there is nothing to execute
    pid_t parent;
};

[[noreturn]] void become(const launch& l)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != l.parent)
        ::_exit(127);  // it died before it could be tied to us

    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);

    ::dup2(l.input, STDIN_FILENO);
    ::dup2(l.output, STDOUT_FILENO);
    ::dup2(l.output, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);

    ::execv(l.arguments.front(), l.arguments.data());
    const int why = errno;
    [[maybe_unused]] const auto told = ::write(l.failure, &why, sizeof why);
    ::_exit(127);
}

/// Forks and executes; returns when the child is another program, or has failed to become one.
spawned spawn(const std::vector<std::string>& command, int input, int output)
{
    std::array<int, 2> failure{};
    if (::pipe2(failure.data(), O_CLOEXEC) != 0)
        return {0, errno};

    launch l{{}, input, output, failure[1], ::getpid()};
    for (const auto& word : command)
        l.arguments.push_back(const_cast<char*>(word.c_str()));  // NOLINT(*-const-cast): execv's old signature
    l.arguments.push_back(nullptr);

    const pid_t pid = ::fork();
    if (pid == 0)
        become(l);
    const int fork_error = errno;
    ::close(failure[1]);

    int why = 0;
    const auto got = pid > 0 ? ::read(failure[0], &why, sizeof why) : 0;
    ::close(failure[0]);
    if (pid < 0)
        return {0, fork_error};
    if (got == 0)
        return {pid, 0};
    ::waitpid(pid, nullptr, 0);
    return {0, why};
}

/// The thread that forks: the children's lives hang on it, so it is never joined and never ends.
class nursery {
public:
    static nursery& instance()
    {
        static nursery& the_one = *new nursery;  // NOLINT(*-owning-memory): outlives every static that owns a child
        return the_one;
    }

    spawned bring_up(const std::vector<std::string>& command, int input, int output)
    {
        std::packaged_task<spawned()> task{[&] { return spawn(command, input, output); }};
        auto done = task.get_future();
        {
            const std::lock_guard lock{mutex_};
            tasks_.push_back(std::move(task));
        }
        changed_.notify_one();
        return done.get();
    }

private:
    nursery()
    {
        std::thread{[this] { work(); }}.detach();
    }

    [[noreturn]] void work()
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // signals of the process are for threads that expect them
        for (;;)
            next()();
    }

    std::packaged_task<spawned()> next()
    {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !tasks_.empty(); });
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        return task;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::packaged_task<spawned()>> tasks_;  // guarded by mutex_
};

/// An open file, for the length of a spawn.
class descriptor {
public:
    descriptor(const char* path, int flags) : number_{::open(path, flags | O_CLOEXEC, 0600)}
    {
        if (number_ < 0)
            throw std::system_error{errno, std::generic_category(), path};
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(number_); }

    int number() const noexcept { return number_; }

private:
    int number_;
};

}  // namespace

child_process::child_process(const std::vector<std::string>& command, const std::filesystem::path& log) : parent_{::getpid()}
{
    const descriptor input{"/dev/null", O_RDONLY};
    const descriptor output{log.c_str(), O_WRONLY | O_CREAT | O_APPEND};
    const auto child = nursery::instance().bring_up(command, input.number(), output.number());
    if (child.error != 0)
        throw std::system_error{child.error, std::generic_category(), command.front()};
    pid_ = child.pid;
    // Not ::pidfd_open: glibc 2.36 declares it as a C++ function.
    exit_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

child_process::~child_process()
{
    if (is_ours() && pid_ != 0) {
        signal(SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(exit_);
}

bool child_process::running() const noexcept
{
    pollfd ended{exit_, POLLIN, 0};
    return pid_ != 0 && ::poll(&ended, 1, 0) == 0;
}

void child_process::signal(int number) const noexcept
{
    // Until it is waited for, the number is not given to anybody else.
    if (is_ours() && pid_ != 0)
        ::kill(pid_, number);
}

void child_process::freeze() const noexcept
{
    if (!is_ours() || !running())
        return;
    ::kill(pid_, SIGSTOP);
    siginfo_t state{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &state, WSTOPPED | WEXITED | WNOWAIT);
}

bool child_process::ended_within(std::chrono::milliseconds patience) noexcept
{
    if (pid_ == 0)
        return true;
    pollfd ended{exit_, POLLIN, 0};
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        const int ready = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready == 0)
            return false;
        if (ready > 0)
            break;
    }
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    return true;
}

bool child_process::is_ours() const noexcept { return parent_ == ::getpid(); }

}  // namespace turnstile::inline v0::testing
