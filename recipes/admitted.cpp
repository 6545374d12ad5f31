#include <turnstile/recipes/once_gate.hpp>

#include "detail/held_claim.hpp"

#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;
using status = detail::claim_record::status;

namespace {

void check_intent(const std::string& intent, const char* verb, const std::string& path)
{
    if (intent.empty() || intent.size() > claim_intent_max)
        throw error{errc::bad_argument, verb, path, "intent: from 1 to " + std::to_string(claim_intent_max) + " bytes"};
}

void check_result(const std::string& result, const char* verb, const std::string& path)
{
    if (result.size() > result_max)
        throw error{errc::bad_argument, verb, path, "result: at most " + std::to_string(result_max) + " bytes"};
}

}  // namespace

admitted::admitted(std::shared_ptr<detail::held_claim> mine, std::string left) noexcept
    : claim_{std::move(mine)}, left_{std::move(left)}
{
}
admitted::admitted(admitted&&) noexcept = default;
admitted& admitted::operator=(admitted&&) noexcept = default;
admitted::~admitted() = default;

fencing_token admitted::fence() const noexcept { return claim_->get_session().options().fence_base + claim_->zxid(); }
std::uint32_t admitted::attempt() const noexcept { return claim_->record().attempt; }
const std::string& admitted::predecessor_intent() const noexcept { return left_; }

awaitable<void> admitted::declare(std::string intent)
{
    check_intent(intent, "admitted::declare", claim_->path());
    return detail::held_claim::declare(claim_, std::move(intent), "admitted::declare");
}

awaitable<void> admitted::commit(std::string result)
{
    check_result(result, "admitted::commit", claim_->path());
    return detail::held_claim::finish(claim_, status::done, std::move(result), "admitted::commit");
}

awaitable<void> admitted::fail(std::string reason)
{
    check_result(reason, "admitted::fail", claim_->path());
    return detail::held_claim::finish(claim_, status::failed, std::move(reason), "admitted::fail");
}

}  // namespace turnstile::inline v0
