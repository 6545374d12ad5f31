// Questions to the services, from the front program: asked in a thread, so that it can do something meanwhile.
#pragma once

#include "desk/wire.hpp"
#include "interrupt.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <future>
#include <string>
#include <vector>

namespace orderdesk {

/// Without an answer: null. That is all that can be expected of a service that is killed.
std::future<nlohmann::json> ask_in_background(port_number port, const std::string& request, std::int64_t price = 0);

/// Throws as wait_until().
template <class T>
T got(const std::string& what, std::future<T>& answer)
{
    wait_until(what, [&] { return answer.wait_for(std::chrono::seconds{0}) == std::future_status::ready; });
    return answer.get();
}

/// "paid", or "refused, paid already"
std::string in_words(const nlohmann::json& answer);

/// "a, b, c"
std::string joined(const std::vector<std::string>& words);

}  // namespace orderdesk
