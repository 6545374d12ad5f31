#include <turnstile/recipes/deadlock.hpp>

#include <utility>

namespace turnstile::inline v0 {

namespace {

std::string in_words(const contender& c)
{
    std::string words = c.host.empty() ? "somebody" : c.host;
    words.append(", pid ").append(std::to_string(c.pid));
    for (const auto* more : {&c.label, &c.purpose})
        if (!more->empty())
            words.append(", ").append(*more);
    return words;
}

std::string in_words(const std::vector<deadlock_wait>& cycle)
{
    std::string words;
    for (const auto& w : cycle) {
        if (!words.empty())
            words.append(", who ");
        else
            words.append(in_words(w.who)).append(" ");
        words.append("waits for ").append(w.line).append(", held by ");
        words.append(&w == &cycle.back() ? "the first" : in_words((&w + 1)->who));
    }
    return words;
}

}  // namespace

deadlock::deadlock(std::string_view verb, std::string_view path, std::vector<deadlock_wait> cycle)
    : error{errc::would_deadlock, verb, path, in_words(cycle)}, cycle_{std::move(cycle)}
{
}

}  // namespace turnstile::inline v0
