#include <turnstile/testing/server.hpp>

#include "free_port.hpp"
#include "server_process.hpp"

#include <stdexcept>

namespace turnstile::inline v0::testing {

class server::impl {
public:
    explicit impl(server_options options) : options_{std::move(options)} {}

    /// On a port that we choose somebody may have been faster: then on another one.
    void first_start()
    {
        for (int tries = 1;; ++tries) {
            server_place place;
            place.port = options_.port != 0 ? options_.port : free_port();
            process_ = std::make_unique<server_process>(options_, std::move(place));
            try {
                return start();
            } catch (const std::runtime_error&) {
                if (options_.port != 0 || tries == 5 || !process_->found_its_port_taken())
                    throw;
            }
        }
    }

    void start() const
    {
        if (process_->running())
            return;
        process_->launch();
        process_->wait_until_it_serves();
    }

    server_process& process() const noexcept { return *process_; }

private:
    const server_options options_;
    std::unique_ptr<server_process> process_;
};

server::server(server_options options) : impl_{std::make_unique<impl>(std::move(options))} { impl_->first_start(); }

server::~server() = default;

std::string server::connect_string() const { return impl_->process().connect_string(); }

std::uint16_t server::port() const noexcept { return impl_->process().port(); }

pid_t server::pid() const { return impl_->process().pid(); }

void server::stop() { impl_->process().stop(); }

void server::start() { impl_->start(); }

void server::restart()
{
    stop();
    start();
}

void server::kill() { impl_->process().kill(); }

void server::wipe() { impl_->process().wipe(); }

void server::pause() { impl_->process().pause(); }

void server::resume() { impl_->process().resume(); }

void server::delay_fsync(std::chrono::milliseconds by) { impl_->process().delay_fsync(by); }

std::string server::four_letter(std::string_view word) const { return impl_->process().four_letter(word); }

std::int64_t server::metric(std::string_view name) const { return impl_->process().metric(name); }

std::string server::log_tail() const { return impl_->process().log_tail(); }

}  // namespace turnstile::inline v0::testing
