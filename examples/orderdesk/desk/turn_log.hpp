// The turns that were taken, in a log of their own: an entry is appended in the transaction that enters the row. With it the
// books can be asked whether anything was written outside a turn, and whether anybody was served before his place.
#pragma once

#include "database.hpp"
#include "order.hpp"

#include <turnstile/lease.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace orderdesk {

struct turn_entry {
    std::string key;  ///< of the resource: "order/42"
    turnstile::fencing_token token = 0;
    std::int64_t place = 0;  ///< in the line, as ZooKeeper numbered it: grows in the order of arrival
    std::string operation;
    std::string process;
    std::string request;
};

void make_turn_tables(database& db);

/// Call it inside the transaction that enters. `began`: the history's entry about that.
void append_turn(database& db, const turn_entry& turn, std::int64_t began);

/// A write of this turn was refused by the row. In a transaction of its own: that of the write is rolled back.
void note_refused_write(database& db, const turn_entry& turn);

/// For tests and acts: this request's process has been frozen while it held, so its write is to be refused.
void note_zombie(database& db, const std::string& key, const std::string& request);

/// What a census of ZooKeeper has found when everybody had left.
void note_node_left(database& db, const std::string& path);

std::string key_of(order_id id);

/// A table of the book, and its columns: for copies.
struct table_columns {
    std::string table;
    std::vector<std::string> numbers;
    std::vector<std::string> texts;
};

const std::vector<table_columns>& turn_tables();

}  // namespace orderdesk
