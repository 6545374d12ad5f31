// Orders as they are placed, and what those who tapped were told.
#pragma once

#include "database.hpp"

#include <string>

namespace orderdesk {

void make_checkout_tables(database& db, const std::string& setting);

}  // namespace orderdesk
