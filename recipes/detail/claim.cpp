#include "claim.hpp"

#include <turnstile/path.hpp>

#include "claim_errors.hpp"
#include "contender_record.hpp"

#include <atomic>
#include <deque>
#include <set>
#include <utility>

namespace turnstile::inline v0::detail {

using boost::asio::awaitable;
using status = claim_record::status;

namespace {

/// What was written by a call that has ended without knowing it: as it was before.
awaitable<void> take_back(session s, std::string path, std::string mark, std::optional<claim_view> before)
{
    while (true) {
        const auto now = co_await read_claim(s, path, "take_back", deadline::never());
        if (!now || now->record.mark != mark)
            co_return;
        if (!before) {
            const bool gone = co_await drop_claim(s, path, *now, "take_back", deadline::never());
            if (gone)
                co_return;
            continue;
        }
        op::set as_before{path, to_text(before->record), now->version};
        const auto written = co_await s.run(std::move(as_before));
        if (written.ok() || !again(written.ec, deadline::never()))
            co_return;
    }
}

/// Until it is told what came of it.
class unsettled {
public:
    unsettled(session s, std::string path, std::string mark, std::optional<claim_view> before)
        : session_{std::move(s)}, path_{std::move(path)}, mark_{std::move(mark)}, before_{std::move(before)}
    {
    }
    unsettled(const unsettled&) = delete;
    unsettled& operator=(const unsettled&) = delete;
    ~unsettled()
    {
        if (sent_)
            run_errand(take_back(session_, path_, mark_, before_));
    }

    void sent() noexcept { sent_ = true; }
    claim_answer settled(claim_answer a) noexcept
    {
        sent_ = false;
        return a;
    }

private:
    const session session_;
    const std::string path_;
    const std::string mark_;
    const std::optional<claim_view> before_;
    bool sent_ = false;
};

claim_answer ours(const claim_record& what, std::int32_t version, std::int64_t zxid)
{
    claim_answer a;
    a.ours = true;
    a.seen.emplace();
    a.seen->record = what;
    a.seen->version = version;
    a.seen->zxid = zxid;
    return a;
}

claim_answer theirs(std::optional<claim_view> seen)
{
    claim_answer a;
    a.seen = std::move(seen);
    return a;
}

/// What stands there is ours when it bears our mark, whoever has told us so.
claim_answer by_its_mark(const claim_record& what, std::optional<claim_view> seen)
{
    if (seen && seen->record.mark == what.mark && seen->record.state == what.state)
        return ours(what, seen->version, seen->zxid);
    return theirs(std::move(seen));
}

/// Ours, but its owner died with a ZooKeeper session that ended on the way.
bool of_our_last_session(const claim_record& what, const claim_view& seen)
{
    return seen.record.mark == what.mark && seen.record.owner != what.owner;
}

/// Who we are, and in which ZooKeeper session: what is claimed in it is not sent in another.
struct owner_now {
    std::string name;
    epoch in = epoch::none;
};

awaitable<owner_now> owner_of(membership m, deadline until)
{
    owner_now o;
    do {
        o.in = m.get_session().epoch();
        auto naming = m.name(until);
        o.name = co_await std::move(naming);
    } while (o.in != m.get_session().epoch());
    co_return o;
}

}  // namespace

claim_view view_of(const outcome& node)
{
    claim_view v;
    v.record = parse_claim_record(node.data);
    v.version = node.stat.version;
    v.zxid = node.stat.mzxid;
    return v;
}

std::string new_claim_mark(const session& s)
{
    static std::atomic<std::uint64_t> last{0};
    return std::to_string(static_cast<std::uint64_t>(s.id())) + "." + std::to_string(++last);
}

std::string claimant_in_words(const session& s)
{
    auto me = this_process();
    me.label = s.options().label;
    return in_words(me);
}

awaitable<claim_answer> make_claim(membership m, std::string path, claim_record what, const char* verb, deadline until)
{
    const auto s = m.get_session();
    unsettled fate{s, path, what.mark, std::nullopt};
    bool make_directory = false;
    while (true) {
        auto asking = owner_of(m, until);
        const auto owner = co_await std::move(asking);
        what.owner = owner.name;
        pipeline p;
        if (make_directory)
            for (auto& above : path_prefixes(parent_path(path)))
                p.add(op::create{std::move(above)});
        p.add(op::create{path, to_text(what)}).add(op::get{path});
        fate.sent();
        const auto answers = co_await s.run(std::move(p), until, owner.in);
        const auto& made = answers[answers.size() - 2];
        const auto& there = answers.back();
        if (made.ok() && !session_over(there.ec))
            co_return fate.settled(ours(what, 0, made.stat.czxid));
        if (made.ok())
            continue;  // its owner is dead already
        if (made.ec == errc::node_exists && there.ok()) {
            auto seen = view_of(there);
            if (!of_our_last_session(what, seen))
                co_return fate.settled(by_its_mark(what, std::move(seen)));
            auto renewing = take_claim(m, path, what, std::move(seen), verb, until);
            co_return fate.settled(co_await std::move(renewing));
        }
        if (made.ec == errc::no_node && !make_directory)
            make_directory = true;
        else if (made.ec != errc::node_exists && !again(made.ec, until))  // it went between the two: once more
            fail_claim(made.ec, verb, path);
        else if (until.passed())
            fail_claim(errc::timed_out, verb, path);
    }
}

namespace {

/// Each on its own, in one flight: who finds somebody there reads who it is.
awaitable<std::vector<outcome>> create_and_read(session s, std::vector<std::pair<std::string, claim_record>> all,
                                                deadline until, epoch in)
{
    pipeline p;
    for (const auto& [path, what] : all)
        p.add(op::create{path, to_text(what)}).add(op::get{path});
    return s.run(std::move(p), until, in);
}

op::multi creates_of(const std::vector<std::pair<std::string, claim_record>>& all)
{
    transaction t;
    for (const auto& [path, what] : all)
        t.create(path, to_text(what));
    return op::multi{std::move(t).release()};
}

/// Parents first.
std::set<std::string> directories_of(const std::vector<std::pair<std::string, claim_record>>& all)
{
    std::set<std::string> missing;
    for (const auto& [path, what] : all)
        for (auto& above : path_prefixes(parent_path(path)))
            missing.insert(std::move(above));
    return missing;
}

}  // namespace

awaitable<std::vector<claim_answer>> make_claims(membership m, std::vector<std::pair<std::string, claim_record>> all,
                                                 const char* verb, deadline until)
{
    const auto s = m.get_session();
    auto asking = owner_of(m, until);
    auto owner = co_await std::move(asking);
    for (auto& [path, what] : all)
        what.owner = owner.name;
    std::deque<unsettled> fates;
    for (const auto& [path, what] : all)
        fates.emplace_back(s, path, what.mark, std::nullopt);
    std::vector<std::optional<claim_answer>> answers(all.size());
    const auto settle = [&](std::size_t i, claim_answer a) { answers[i] = fates[i].settled(std::move(a)); };

    // All of them in one transaction: it is new messages that come in batches. Its zxid is that of each of them.
    pipeline together;
    together.add(creates_of(all)).add(op::get{all.front().first});
    for (auto& f : fates)
        f.sent();
    const auto first = co_await s.run(std::move(together), until, owner.in);
    if (first[0].ok() && first[1].ok())
        for (std::size_t i = 0; i < all.size(); ++i)
            settle(i, ours(all[i].second, 0, first[1].stat.czxid));
    if (first[0].ec == errc::no_node) {
        pipeline directories;
        for (const auto& d : directories_of(all))
            directories.add(op::create{d});
        co_await s.run(std::move(directories), until);
    }

    // Those of which that does not tell: one by one.
    while (true) {
        std::vector<std::size_t> open;
        std::vector<std::pair<std::string, claim_record>> rest;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (!answers[i]) {
                open.push_back(i);
                rest.push_back(all[i]);
            }
        if (open.empty())
            break;
        auto asking_again = owner_of(m, until);
        owner = co_await std::move(asking_again);
        for (const auto i : open)
            all[i].second.owner = owner.name;
        for (auto& [path, what] : rest)
            what.owner = owner.name;
        auto reading = create_and_read(s, std::move(rest), until, owner.in);
        const auto found = co_await std::move(reading);
        for (std::size_t k = 0; k < open.size(); ++k) {
            const auto i = open[k];
            const auto& made = found[2 * k];
            const auto& there = found[2 * k + 1];
            const auto& [path, what] = all[i];
            if (made.ok()) {
                if (!session_over(there.ec))  // else its owner is dead already
                    settle(i, ours(what, 0, made.stat.czxid));
            } else if (made.ec == errc::node_exists && there.ok()) {
                auto seen = view_of(there);
                if (of_our_last_session(what, seen)) {
                    auto renewing = take_claim(m, path, what, std::move(seen), verb, until);
                    settle(i, co_await std::move(renewing));
                } else {
                    settle(i, by_its_mark(what, std::move(seen)));
                }
            } else if (made.ec != errc::node_exists && !again(made.ec, until))
                fail_claim(made.ec, verb, path);
            else if (until.passed())
                fail_claim(errc::timed_out, verb, path);
        }
    }
    std::vector<claim_answer> result;
    result.reserve(all.size());
    for (auto& a : answers)
        result.push_back(std::move(*a));
    co_return result;
}

awaitable<claim_answer> take_claim(membership m, std::string path, claim_record what, claim_view from, const char* verb,
                                   deadline until)
{
    const auto s = m.get_session();
    unsettled fate{s, path, what.mark, from};
    while (true) {
        auto asking = owner_of(m, until);
        const auto owner = co_await std::move(asking);
        what.owner = owner.name;
        pipeline p;
        p.add(op::set{path, to_text(what), from.version}).add(op::get{path});
        fate.sent();
        const auto answers = co_await s.run(std::move(p), until, owner.in);
        if (answers[0].ok() && !session_over(answers[1].ec))
            co_return fate.settled(ours(what, answers[0].stat.version, answers[0].stat.mzxid));
        if (answers[0].ok())
            continue;  // its owner is dead already
        if (answers[0].ec == errc::no_node)
            co_return fate.settled(theirs(std::nullopt));
        if (answers[0].ec == errc::bad_version && answers[1].ok()) {
            auto seen = view_of(answers[1]);
            if (!of_our_last_session(what, seen))
                co_return fate.settled(by_its_mark(what, std::move(seen)));
            from.version = seen.version;
        }
        if (answers[0].ec != errc::bad_version && !again(answers[0].ec, until))
            fail_claim(answers[0].ec, verb, path);
        if (until.passed())
            fail_claim(errc::timed_out, verb, path);
    }
}

awaitable<std::optional<claim_view>> read_claim(session s, std::string path, const char* verb, deadline until)
{
    while (true) {
        op::get look{path};
        const auto node = co_await s.run(std::move(look), until);
        if (node.ok())
            co_return view_of(node);
        if (node.ec == errc::no_node)
            co_return std::nullopt;
        if (!again(node.ec, until) || until.passed())
            fail_claim(node.ec, verb, path);
    }
}

awaitable<bool> drop_claim(session s, std::string path, claim_view seen, const char* verb, deadline until)
{
    while (true) {
        op::erase drop{path, seen.version};
        const auto gone = co_await s.run(std::move(drop), until);
        if (gone.ok() || gone.ec == errc::no_node)
            co_return true;
        if (gone.ec == errc::bad_version)
            co_return false;
        if (!again(gone.ec, until) || until.passed())
            fail_claim(gone.ec, verb, path);
        // A version is no identity: if it has happened, the next one's claim begins with 0 as ours did.
        pipeline look;
        look.add(op::sync{path}).add(op::get{path});
        const auto found = co_await s.run(std::move(look), until);
        if (found[1].ec && found[1].ec != errc::no_node)
            fail_claim(found[1].ec, verb, path);
        if (found[1].ec || view_of(found[1]).record.mark != seen.record.mark)
            co_return true;
    }
}

}  // namespace turnstile::inline v0::detail
