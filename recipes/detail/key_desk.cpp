#include "key_desk.hpp"

namespace turnstile::inline v0::detail {

key_desk::place key_desk::come(const std::string& key)
{
    place p;
    const std::lock_guard lock{mutex_};
    const auto [at, nobody_there] = keys_.try_emplace(key);
    if (!nobody_there) {
        p.other = at->second;
        return p;
    }
    at->second = std::make_shared<question>();
    p.first = std::make_unique<asker>(shared_from_this(), key, at->second);
    return p;
}

void key_desk::answered(const std::string& key, bool held, question& q)
{
    {
        const std::lock_guard lock{mutex_};
        if (held)
            keys_[key] = nullptr;
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
