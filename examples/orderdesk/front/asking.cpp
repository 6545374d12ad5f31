#include "asking.hpp"

#include <exception>

namespace orderdesk {

std::future<nlohmann::json> ask_in_background(port_number port, const std::string& request, std::int64_t price)
{
    return std::async(std::launch::async, [=]() -> nlohmann::json {
        try {
            return ask(port, {{"request", request}, {"order", 1}, {"price", price}});
        } catch (const std::exception&) {
            return nullptr;
        }
    });
}

std::string in_words(const nlohmann::json& answer)
{
    if (answer.is_null())
        return "no answer";
    const auto why = answer.at("why").get<std::string>();
    return answer.at("outcome").get<std::string>() + (why.empty() ? "" : ", " + why);
}

std::string joined(const std::vector<std::string>& words)
{
    std::string out;
    for (const auto& w : words)
        out += (out.empty() ? "" : ", ") + w;
    return out;
}

}  // namespace orderdesk
