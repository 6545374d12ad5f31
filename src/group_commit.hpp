// Group commit: writes of one session that would each be a transaction of the ensemble share one, when there are many.
//
// A transaction costs the leader a round of its peers and of their disks, however many steps it has. So while a few writes
// are on their way, those that come after them wait for the first answer and then travel together: who is alone waits for
// nobody, and the more callers there are, the larger the groups become by themselves.
//
// What may travel together is a flight of one write that stands for itself (another one's failure would undo it: then all of
// the group are sent once more, each alone) and of reads of children behind it. All creates of a group share the
// transaction's zxid (see zxid_probe.hpp), which is a fencing token: no two of them may be of the same line. The second of a
// line sets out beside the group, alone, so that a line which many want is joined as fast as it ever was.
//
// Decides only; session_core guards it by its mutex, and sends.
#pragma once

#include <turnstile/operation.hpp>

#include "flight.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace turnstile::inline v0::detail {

class group_commit {
public:
    using group = std::vector<std::shared_ptr<flight>>;

    /// `size_max`: writes in one transaction; 1: nobody ever waits for a group.
    group_commit(std::size_t size_max, std::size_t bytes_max) : size_max_{size_max}, bytes_max_{bytes_max} {}

    /// Whether one that comes now sets out at once, alone.
    bool may_go() const noexcept { return size_max_ <= 1 || (waiting_.empty() && aloft_ < alone_max); }
    /// Whether those who wait set out now.
    bool may_depart() const noexcept { return !waiting_.empty() && aloft_ < groups_max; }
    void set_out(flight& f) noexcept;
    /// True when it had set out: others may have waited for it.
    bool landed(flight& f) noexcept;

    void wait(std::shared_ptr<flight> f);
    std::size_t waiting() const noexcept { return waiting_.size(); }
    /// Who sets out next: those who have waited longest, without those who have given up.
    struct departure {
        group together;
        group alone;  ///< behind them
    };
    departure next();

private:
    /// Under way before others wait: a handful of callers shall not pay for what only crowds need.
    static constexpr std::size_t alone_max = 4;
    /// Under way when the next group sets out. One more would halve the groups; one less, and the servers rest meanwhile.
    static constexpr std::size_t groups_max = 2;

    const std::size_t size_max_;
    const std::size_t bytes_max_;
    std::size_t aloft_ = 0;
    std::deque<std::shared_ptr<flight>> waiting_;
};

/// One flight for all: the transaction, and each read once.
std::shared_ptr<flight> carrier_of(group_commit::group members);

/// What the carrier's answers are to each of its members, who were all sent in this ZooKeeper session.
std::vector<std::vector<outcome>> shares_of(const flight& carrier, std::int64_t session_id);

/// The transaction was refused for one of its steps: none has been executed, and nothing is known of the others.
bool was_undone(const flight& carrier) noexcept;

}  // namespace turnstile::inline v0::detail
