#include "buyers_book.hpp"

namespace orderdesk {

void note_asked(database& buyers, const std::string& request, order_id order, const std::string& what, std::int64_t price)
{
    buyers.prepare("INSERT INTO asked VALUES (:request, :order, :what, :price)")
        .bind(":request", request)
        .bind(":order", order)
        .bind(":what", what)
        .bind(":price", price)
        .run();
}

void note_answer(database& buyers, const std::string& request, const nlohmann::json& answer, std::chrono::microseconds took,
                 int tries)
{
    buyers.prepare("INSERT INTO answers VALUES (:request, :outcome, :why, :took, :tries)")
        .bind(":request", request)
        .bind(":outcome", answer.at("outcome").get<std::string>())
        .bind(":why", answer.at("why").get<std::string>())
        .bind(":took", std::int64_t{took.count()})
        .bind(":tries", std::int64_t{tries})
        .run();
}

}  // namespace orderdesk
