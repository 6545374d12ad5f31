// An order, as its row says.
#pragma once

#include <cstdint>
#include <string>

namespace orderdesk {

using order_id = std::int64_t;

struct order {
    order_id id = 0;
    std::int64_t price = 0;  ///< cents
    std::int64_t quote = 0;  ///< counts the prices that were offered; the buyer pays one of them
    std::string status;
    std::string psp_key;       ///< under which the payment provider was asked; written *before* it is asked
    std::int64_t version = 0;  ///< counts the writes; only the guard "version" looks at it
    std::int64_t seen = 0;     ///< newest entry of the history when this was read: lets the judge prove a stale write
};

namespace status {
inline constexpr auto awaiting = "awaiting payment";
inline constexpr auto paying = "paying";
inline constexpr auto paid = "paid";
}  // namespace status

/// What an entry of the history says was done.
namespace action {
inline constexpr auto opened = "opened";
inline constexpr auto entered = "entered";  ///< a turn began: the fence was raised, nothing else changed
inline constexpr auto edited = "edited";
inline constexpr auto charging = "charging";
inline constexpr auto paid = "paid";
}  // namespace action

}  // namespace orderdesk
