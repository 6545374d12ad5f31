#include "held_claim.hpp"

#include "claim_errors.hpp"

#include <utility>

namespace turnstile::inline v0::detail {

using boost::asio::awaitable;
using status = claim_record::status;

namespace {

/// Nobody works on it any more. By reading first: the last thing that we wrote may be in doubt.
awaitable<void> give_up(session s, std::string path, std::string mark, held_claim::once_given_up how)
{
    while (true) {
        const auto now = co_await read_claim(s, path, "give_up", deadline::never());
        if (!now || now->record.mark != mark || now->record.state != status::running)
            co_return;
        if (now->record.intent.empty() && how == held_claim::once_given_up::goes) {
            const bool gone = co_await drop_claim(s, path, *now, "give_up", deadline::never());
            if (gone)
                co_return;
            continue;
        }
        auto left = now->record;
        left.state = left.intent.empty() ? status::open : status::suspect;
        left.owner.clear();
        op::set note{path, to_text(left), now->version};
        const auto written = co_await s.run(std::move(note));
        if (written.ok() || (!again(written.ec, deadline::never()) && written.ec != errc::bad_version))
            co_return;
    }
}

bool still_under_way(const outcome& node, const std::string& mark)
{
    const auto seen = parse_claim_record(node.data);
    return seen.mark == mark && seen.state == status::running;
}

}  // namespace

held_claim::~held_claim()
{
    if (!over_)
        run_errand(give_up(session_, path_, mine_.record.mark, how_));
    end();
}

void held_claim::end() noexcept
{
    over_ = true;
    if (const auto told = std::exchange(ended, nullptr))
        told();
}

claim_record held_claim::finished(status how, std::string result) const
{
    auto to = mine_.record;
    to.state = how;
    to.owner.clear();
    to.intent.clear();
    to.result = std::move(result);
    if (how_ == once_given_up::opens)
        to.by.clear();  // a million of them are kept
    return to;
}

awaitable<void> held_claim::declare(std::shared_ptr<held_claim> c, std::string intent, const char* verb)
{
    auto to = c->mine_.record;
    to.intent = std::move(intent);
    return change(std::move(c), std::move(to), verb);
}

awaitable<void> held_claim::finish(std::shared_ptr<held_claim> c, status how, std::string result, const char* verb)
{
    auto to = c->finished(how, std::move(result));
    const auto end = [](std::shared_ptr<held_claim> mine, claim_record last, const char* v) -> awaitable<void> {
        auto changing = change(mine, std::move(last), v);
        co_await std::move(changing);
        mine->end();
    };
    return end(std::move(c), std::move(to), verb);
}

awaitable<std::vector<bool>> held_claim::finish_all(std::vector<std::shared_ptr<held_claim>> all, const char* verb)
{
    const auto first = all.front();
    transaction t;
    for (const auto& c : all)
        t.set(c->path_, to_text(c->finished(status::done, {})), c->mine_.version);
    op::multi together{std::move(t).release()};
    const auto written = co_await first->session_.run(std::move(together));
    std::vector<bool> done;
    for (const auto& c : all) {
        bool still_ours = true;
        if (written.ok()) {
            c->end();
        } else {
            // One of them is not ours any more, or the answer was lost: each tells for itself.
            try {
                auto finishing = finish(c, status::done, {}, verb);
                co_await std::move(finishing);
            } catch (const error& e) {
                if (e.code() != errc::lost && e.code() != errc::not_held)
                    throw;
                still_ours = false;
            }
        }
        done.push_back(still_ours);
    }
    co_return done;
}

awaitable<void> held_claim::change(std::shared_ptr<held_claim> c, claim_record to, const char* verb)
{
    if (c->over_)
        throw error{errc::not_held, verb, c->path_};
    const auto text = to_text(to);
    while (true) {
        pipeline p;
        p.add(op::set{c->path_, text, c->mine_.version}).add(op::get{c->path_});
        const auto answers = co_await c->session_.run(std::move(p));
        const auto& written = answers[0];
        const auto& there = answers[1];
        const bool ours_after_all = written.ec == errc::bad_version && there.ok() && there.data == text;
        if (written.ok() || ours_after_all) {
            c->mine_.record = std::move(to);
            c->mine_.version = written.ok() ? written.stat.version : there.stat.version;
            co_return;
        }
        if (written.ec == errc::bad_version && there.ok() && still_under_way(there, c->mine_.record.mark)) {
            // A call that was cancelled has written it: nobody has taken it over.
            c->mine_.version = there.stat.version;
            continue;
        }
        const bool changed = written.ec == errc::bad_version && (there.ok() || there.ec == errc::no_node);
        if (written.ec == errc::no_node || changed) {
            c->end();
            throw error{errc::lost, verb, c->path_, "somebody has taken it over"};
        }
        if (written.ec != errc::bad_version && !again(written.ec, deadline::never()))
            fail_claim(written.ec, verb, c->path_);
    }
}

}  // namespace turnstile::inline v0::detail
