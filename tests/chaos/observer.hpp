// Looks at the lines from outside and writes down who stands in them: so that the judge knows who came first.
#pragma once

#include "stage.hpp"

#include <thread>
#include <unordered_set>

namespace turnstile::chaos {

class observer {
public:
    explicit observer(stage& where);

    void stop();

private:
    void look(const std::stop_token& stop);
    void look_at(const std::string& key);

    stage& stage_;
    std::unordered_set<std::string> seen_;
    std::jthread thread_;
};

}  // namespace turnstile::chaos
