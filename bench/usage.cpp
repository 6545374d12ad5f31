#include "usage.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <malloc.h>
#include <sys/resource.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace {

std::atomic<std::uint64_t> allocated{0};

}  // namespace

// The C client allocates with malloc, C++ ends there too: counting here sees both alike.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size)
{
    allocated.fetch_add(1, std::memory_order_relaxed);
    return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size)
{
    allocated.fetch_add(1, std::memory_order_relaxed);
    return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size)
{
    allocated.fetch_add(1, std::memory_order_relaxed);
    return __libc_realloc(old, size);
}

// Asio's way to memory, and so every coroutine frame's.
void* aligned_alloc(std::size_t alignment, std::size_t size)
{
    allocated.fetch_add(1, std::memory_order_relaxed);
    return __libc_memalign(alignment, size);
}
}

namespace bench {
namespace {

double microseconds(const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); }

/// With all threads, also of the past.
double cpu_us_of(pid_t process)
{
    clockid_t its_clock{};
    timespec used{};
    if (clock_getcpuclockid(process, &its_clock) != 0 || clock_gettime(its_clock, &used) != 0)
        throw std::runtime_error{"no such process any more"};
    return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

/// The number behind `label` in a text of "label: number" lines.
double number_behind(const std::string& label, std::istream& text)
{
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with(label))
            return std::stod(line.substr(label.size()));
    }
    throw std::runtime_error{"nothing says " + label};
}

double said_of_itself(const std::string& servers, const std::string& label)
{
    const auto first = servers.substr(0, servers.find(','));
    const auto colon = first.rfind(':');
    boost::asio::ip::tcp::iostream asking{first.substr(0, colon), first.substr(colon + 1)};
    asking << "srvr" << std::flush;
    return number_behind(label, asking);
}

double nodes_kept(const std::string& servers) { return said_of_itself(servers, "Node count:"); }

}  // namespace

traffic::traffic(std::string servers)
    : servers_{std::move(servers)}, requests_before_{requests_received(servers_)}, nodes_before_{nodes_kept(servers_)}
{
}

void traffic::share(reading& into, double pairs) const
{
    into[per_pair::requests] = (requests_received(servers_) - requests_before_) / pairs;
    into[per_pair::nodes_left] = (nodes_kept(servers_) - nodes_before_) / pairs;
}

meter::meter(std::string servers) : traffic_{std::move(servers)}, before_{totals_now()} {}

meter::totals meter::totals_now()
{
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return {microseconds(used.ru_utime) + microseconds(used.ru_stime), static_cast<double>(used.ru_nvcsw),
            static_cast<double>(allocated.load())};
}

void meter::share(reading& into, double pairs) const
{
    const auto now = totals_now();
    into[per_pair::cpu] = (now.cpu_us - before_.cpu_us) / pairs;
    into[per_pair::switches] = (now.switches - before_.switches) / pairs;
    into[per_pair::allocations] = (now.allocations - before_.allocations) / pairs;
    traffic_.share(into, pairs);
}

meter_of_another::meter_of_another(std::string servers, pid_t whose)
    : traffic_{std::move(servers)}, whose_{whose}, cpu_us_before_{cpu_us_of(whose)}
{
}

void meter_of_another::share(reading& into, double pairs) const
{
    into[per_pair::cpu] = (cpu_us_of(whose_) - cpu_us_before_) / pairs;
    traffic_.share(into, pairs);
}

footprint footprint_of(pid_t process)
{
    const std::filesystem::path its{"/proc/" + std::to_string(process)};
    std::ifstream memory{its / "smaps_rollup"};
    std::ifstream status{its / "status"};
    return {number_behind("Rss:", memory) * 1024, number_behind("Threads:", status),
            static_cast<double>(std::distance(std::filesystem::directory_iterator{its / "fd"}, {}))};
}

reading growth(const footprint& before, const footprint& after, int waiters)
{
    return {{name::resident, (after.resident_bytes - before.resident_bytes) / waiters},
            {name::threads, (after.threads - before.threads) / waiters},
            {name::descriptors, (after.descriptors - before.descriptors) / waiters}};
}

double heap_now()
{
    malloc_trim(0);
    const auto heap = mallinfo2();
    return static_cast<double>(heap.uordblks + heap.hblkhd);
}

double requests_received(const std::string& servers) { return said_of_itself(servers, "Received:"); }

void until_quiet(const std::string& servers)
{
    // Each question counts as nothing: four-letter words are not requests. Pings are, so a few are forgiven.
    for (double seen = -100, now = requests_received(servers); now - seen > 5; now = requests_received(servers)) {
        seen = now;
        std::this_thread::sleep_for(std::chrono::milliseconds{300});
    }
}

}  // namespace bench
