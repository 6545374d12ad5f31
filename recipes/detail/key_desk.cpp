#include "key_desk.hpp"

namespace turnstile::inline v0::detail {

key_desk::place key_desk::come(const std::string& key)
{
    place p;
    const std::lock_guard lock{mutex_};
    const auto [at, nobody_there] = keys_.try_emplace(key);
    if (!nobody_there) {
        p.other = at->second.asked;
        p.taken_for = at->second.held_for;
        return p;
    }
    at->second.asked = std::make_shared<question>();
    p.first = std::make_unique<asker>(shared_from_this(), key, at->second.asked);
    return p;
}

void key_desk::answered(const std::string& key, std::optional<std::string> held_for, question& q)
{
    {
        const std::lock_guard lock{mutex_};
        if (held_for)
            keys_[key] = {nullptr, std::move(*held_for)};
        else
            keys_.erase(key);
    }
    q.answered.open();
}

void key_desk::free(const std::string& key)
{
    const std::lock_guard lock{mutex_};
    keys_.erase(key);
}

}  // namespace turnstile::inline v0::detail
