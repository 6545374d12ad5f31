// The life of one order as a picture: a lane per process, grey while it waits, coloured while it holds the order; price,
// charges and status underneath. Says what to draw; to_svg() draws it. Times are microseconds of the event log's clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orderdesk {

struct timeline {
    using time = std::int64_t;

    enum class kind { waiting, paying, editing, calling, believing, frozen };

    struct span {
        time from = 0;
        time to = 0;
        kind what{};
    };

    /// One request: its spans stand in one row, and its label beside them.
    struct request {
        std::vector<span> spans;
        std::string label;
    };

    enum class sign { killed, told, lost, fenced };

    struct mark {
        time at = 0;
        sign what{};
        std::string label;
    };

    struct lane {
        std::string name;
        std::vector<request> requests;
        std::vector<span> frozen;
        std::vector<mark> marks;
    };

    struct price_step {
        time at = 0;
        std::int64_t cents = 0;
    };

    struct status_step {
        time at = 0;
        std::string status;
    };

    struct remark {
        time at = 0;
        std::string label;
    };

    std::string title;
    std::string subtitle;
    time from = 0;
    time to = 0;
    bool guarded = true;  ///< colour means holding; without a guard it means "between reading and writing"
    std::vector<lane> lanes;
    std::vector<price_step> prices;
    std::vector<price_step> charges;
    std::vector<status_step> statuses;
    std::vector<remark> remarks;  ///< lines across all lanes
};

std::string to_svg(const timeline& t);

}  // namespace orderdesk
