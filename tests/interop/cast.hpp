// The contenders of a run; who is killed is followed by another of the same language.
#pragma once

#include "arena.hpp"

#include <memory>
#include <string>
#include <vector>

namespace turnstile::interop {

class cast {
public:
    /// `processes` of each language, in other respects like `alike`.
    cast(arena& where, const std::vector<language>& spoken, int processes, contender_options alike);

    /// Kills one of this language, in the midst of its turn or wherever it is.
    void kill(language l, bool in_its_turn);
    /// Throws std::runtime_error when one has ended by itself.
    void check_that_all_live() const;
    /// Those that did not end when told to.
    std::vector<std::string> send_home();
    /// The run cannot be played to its end: nobody answers for calls under way.
    void abandon();

private:
    using seats = std::vector<std::unique_ptr<contender>>;

    std::unique_ptr<contender> start(language l);
    seats::iterator any(language l);
    seats::iterator struck_in_turn(language l);

    arena& arena_;
    const contender_options alike_;
    seats seats_;
    int started_ = 0;
};

}  // namespace turnstile::interop
