#include <turnstile/testing/faults.hpp>

#include "testing/fault_core.hpp"

#include <utility>

namespace turnstile::inline v0::testing {

namespace {

class faulty_client final : public detail::client {
public:
    explicit faulty_client(std::shared_ptr<fault_link> link) : link_{std::move(link)} {}
    ~faulty_client() override { link_->abandon(); }

    error_code submit(const operation& o, detail::completion done) override { return link_->submit(o, std::move(done)); }
    void close(bool end_session, detail::unique_function<void()> closed) override
    {
        link_->close(end_session, std::move(closed));
    }

private:
    const std::shared_ptr<fault_link> link_;
};

class faulty_transport final : public detail::transport {
public:
    explicit faulty_transport(std::shared_ptr<fault_core> core) : core_{std::move(core)} {}

    std::shared_ptr<detail::client> open(detail::client_settings settings,
                                         std::shared_ptr<detail::client_events> events) override
    {
        auto link = std::make_shared<fault_link>(core_, std::move(events));
        link->open(std::move(settings));
        return std::make_shared<faulty_client>(std::move(link));
    }

private:
    const std::shared_ptr<fault_core> core_;
};

}  // namespace

std::string_view to_string(fault f) noexcept
{
    switch (f) {
        case fault::lost_before:
            return "lost_before";
        case fault::lost_after:
            return "lost_after";
        case fault::timed_out:
            return "timed_out";
        case fault::expired_before:
            return "expired_before";
        case fault::expired:
            return "expired";
    }
    return "?";
}

const std::vector<fault>& all_faults()
{
    static const std::vector<fault> all{fault::lost_before, fault::lost_after, fault::timed_out, fault::expired_before,
                                        fault::expired};
    return all;
}

faults::faults(std::shared_ptr<detail::transport> inner, std::chrono::milliseconds reconnect_delay)
    : core_{std::make_shared<fault_core>(std::move(inner), reconnect_delay)}
{
}

faults::~faults() = default;

std::shared_ptr<detail::transport> faults::transport() const { return std::make_shared<faulty_transport>(core_); }

void faults::arm(std::size_t k, fault what) { core_->arm(k, what); }

void faults::arm_next(std::size_t k, fault what) { core_->arm_next(k, what); }

void faults::disarm() { core_->disarm(); }

bool faults::fired() const { return core_->fired(); }

std::size_t faults::times_fired() const { return core_->times_fired(); }

std::string faults::describe() const { return core_->describe(); }

faults::calm::calm(std::shared_ptr<fault_core> core) : core_{std::move(core)} { core_->be_calm(1); }

faults::calm::~calm() { core_->be_calm(-1); }

faults::calm faults::calmly() { return calm{core_}; }

std::vector<passed_operation> faults::operations() const { return core_->operations(); }

std::size_t faults::count(std::string_view verb) const { return core_->count(verb); }

std::size_t faults::reads() const { return core_->reads(); }

std::size_t faults::writes() const { return core_->writes(); }

std::size_t faults::round_trips() const { return core_->round_trips(); }

void faults::reset_counts() { core_->reset_counts(); }

std::size_t faults::clients() const { return core_->clients(); }

}  // namespace turnstile::inline v0::testing
