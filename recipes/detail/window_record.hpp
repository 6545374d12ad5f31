// Which numbers of a producer have come: for each of its last epochs the highest, and a bitmap of those below it. Pure.
//
//     turnstile 1
//     mark 72057604037923840.17
//     floor 3
//     epoch 5 1042 00000000000003ff
#pragma once

#include <turnstile/recipes/replay_window.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace turnstile::inline v0::detail {

class window_record {
public:
    window_record(std::uint32_t window, std::uint32_t epochs) : window_{window}, epochs_max_{epochs} {}

    /// Takes the number, if it is fresh.
    replay accept(std::uint32_t epoch, std::uint64_t number);
    /// The same without taking it.
    replay look(std::uint32_t epoch, std::uint64_t number) const;
    /// Nobody had taken it after all. What is below the window stays too old.
    void give_back(std::uint32_t epoch, std::uint64_t number);

    std::string to_text(std::string_view mark) const;
    /// Of the same window. Nonsense is an empty one.
    void read(std::string_view text);

    friend bool operator==(const window_record&, const window_record&) = default;

private:
    /// Bit k of `seen` stands for `highest - k`.
    struct epoch_window {
        std::uint64_t highest = 0;
        std::vector<bool> seen;

        friend bool operator==(const epoch_window&, const epoch_window&) = default;
    };

    std::uint32_t window_;
    std::size_t epochs_max_;
    std::uint32_t floor_ = 0;  ///< of epochs below nothing is known
    std::map<std::uint32_t, epoch_window> epochs_;
};

/// What identifies the writer of a record; empty: none does.
std::string mark_of_window(std::string_view text);

}  // namespace turnstile::inline v0::detail
