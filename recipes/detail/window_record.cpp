#include "window_record.hpp"

#include "record_text.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace turnstile::inline v0::detail {

namespace {

/// Four numbers in a digit, the highest one first.
std::string to_hex(const std::vector<bool>& bits)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bits.size(); i += 4) {
        unsigned four = 0;
        for (std::size_t k = 0; k < 4; ++k)
            four = four << 1U | (i + k < bits.size() && bits[i + k] ? 1U : 0U);
        text.push_back(digits[four]);
    }
    // What is far below is mostly the same: all have come, or nothing was sent yet.
    const auto last = text.find_last_not_of('0');
    text.erase(last == std::string::npos ? 0 : last + 1);
    return text;
}

std::vector<bool> from_hex(std::string_view text, std::size_t size)
{
    std::vector<bool> bits(size, false);
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned four = 0;
        std::from_chars(text.data() + i, text.data() + i + 1, four, 16);
        for (std::size_t k = 0; k < 4 && 4 * i + k < size; ++k)
            bits[4 * i + k] = (four >> (3 - k) & 1U) != 0;
    }
    return bits;
}

}  // namespace

replay window_record::look(std::uint32_t epoch, std::uint64_t number) const
{
    const auto known = epochs_.find(epoch);
    if (known == epochs_.end()) {
        const bool forgotten = epoch < floor_ || (epochs_.size() >= epochs_max_ && epoch < epochs_.begin()->first);
        return forgotten ? replay::too_old : replay::fresh;
    }
    const auto& w = known->second;
    if (number > w.highest)
        return replay::fresh;
    const auto below = w.highest - number;
    if (below >= window_)
        return replay::too_old;
    return w.seen[below] ? replay::duplicate : replay::fresh;
}

replay window_record::accept(std::uint32_t epoch, std::uint64_t number)
{
    const auto answer = look(epoch, number);
    if (answer != replay::fresh)
        return answer;
    auto& w = epochs_[epoch];
    w.seen.resize(window_, false);
    if (number > w.highest) {
        const auto by = std::min<std::uint64_t>(number - w.highest, window_);
        w.seen.insert(w.seen.begin(), static_cast<std::size_t>(by), false);
        w.seen.resize(window_);
        w.highest = number;
    }
    w.seen[w.highest - number] = true;
    while (epochs_.size() > epochs_max_) {
        floor_ = epochs_.begin()->first + 1;
        epochs_.erase(epochs_.begin());
    }
    return answer;
}

void window_record::give_back(std::uint32_t epoch, std::uint64_t number)
{
    const auto known = epochs_.find(epoch);
    if (known == epochs_.end() || number > known->second.highest || known->second.highest - number >= window_)
        return;
    known->second.seen[known->second.highest - number] = false;
}

std::string window_record::to_text(std::string_view mark) const
{
    std::string text{record_heading};
    append_record_line(text, "mark", mark);
    append_record_line(text, "floor", std::to_string(floor_));
    for (const auto& [epoch, w] : epochs_)
        append_record_line(text, "epoch", std::to_string(epoch) + " " + std::to_string(w.highest) + " " + to_hex(w.seen));
    return text;
}

void window_record::read(std::string_view text)
{
    floor_ = 0;
    epochs_.clear();
    for_each_record_line(text, [&](std::string_view key, std::string_view value) {
        if (key == "floor")
            std::from_chars(value.data(), value.data() + value.size(), floor_);
        if (key != "epoch")
            return;
        std::istringstream line{std::string{value}};
        std::uint32_t epoch = 0;
        epoch_window w;
        std::string bits;
        if (!(line >> epoch >> w.highest))
            return;
        line >> bits;
        w.seen = from_hex(bits, window_);
        epochs_[epoch] = std::move(w);
    });
}

std::string mark_of_window(std::string_view text)
{
    std::string mark;
    for_each_record_line(text, [&](std::string_view key, std::string_view value) {
        if (key == "mark")
            mark = value;
    });
    return mark;
}

}  // namespace turnstile::inline v0::detail
