// The front program as a buyer, or a merchant: in acts where it asks itself.
#pragma once

#include "desk/database.hpp"
#include "stage.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace orderdesk {

class buyers_notes {
public:
    explicit buyers_notes(const stage& st);

    /// About order 1. Where there was no answer, there is nothing to write.
    void write(const std::string& request, const nlohmann::json& answer);

private:
    database db_;
};

}  // namespace orderdesk
