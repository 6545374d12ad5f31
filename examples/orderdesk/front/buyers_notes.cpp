#include "buyers_notes.hpp"

#include "desk/buyers_book.hpp"
#include "desk/order_book.hpp"

#include <chrono>

namespace orderdesk {

buyers_notes::buyers_notes(const stage& st) : db_{(st.dir() / "buyers.db").string()} { make_buyers_tables(db_); }

void buyers_notes::write(const std::string& request, const nlohmann::json& answer)
{
    if (answer.is_null())
        return;
    note_asked(db_, request, 1, request.starts_with("tap") ? "pay" : "edit", 0);
    note_answer(db_, request, answer, std::chrono::microseconds{0}, 1);
}

}  // namespace orderdesk
