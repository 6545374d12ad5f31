#include <turnstile/path.hpp>
#include <turnstile/recipes/membership.hpp>

#include "detail/contender_record.hpp"
#include "detail/line_verbs.hpp"
#include "detail/retry.hpp"

#include <array>
#include <charconv>
#include <mutex>
#include <utility>

namespace turnstile::inline v0 {

using boost::asio::awaitable;

struct membership::state {
    session ensemble;
    std::string directory;

    std::mutex mutex;
    // Guarded by mutex: of which epoch the node is known to be there.
    epoch made_in = epoch::none;
    std::string name;

    state(session s, std::string d) : ensemble{std::move(s)}, directory{std::move(d)} {}
};

membership::membership(session s, std::string base)
{
    detail::check_line(base, "membership");
    state_ = std::make_shared<state>(std::move(s), join_path(base, "members"));
}

const session& membership::get_session() const noexcept { return state_->ensemble; }
const std::string& membership::directory() const noexcept { return state_->directory; }

namespace {

std::string name_of(std::int64_t session_id)
{
    std::array<char, 16> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), static_cast<std::uint64_t>(session_id), 16).ptr;
    const std::string digits(hex.data(), end);
    return std::string(16 - digits.size(), '0') + digits;
}

std::string record_of(const session& s)
{
    auto me = detail::this_process();
    me.label = s.options().label;
    return detail::to_text(me);
}

[[noreturn]] void fail(const error_code& ec, const char* verb, const std::string& path)
{
    throw error{ec == errc::deadline_exceeded ? errc::timed_out : ec, verb, path};
}

deadline or_default(const session& s, deadline until)
{
    return until.is_never() ? deadline{s.options().operation_timeout} : until;
}

}  // namespace

awaitable<std::string> membership::name(deadline until) const
{
    const auto known = state_;
    const auto make = [](std::shared_ptr<state> m, deadline by) -> awaitable<std::string> {
        const auto s = m->ensemble;
        by = or_default(s, by);
        bool make_directory = false;
        while (true) {
            if (s.state() != connection_state::connected)
                co_await s.connected(by);
            const auto in = s.epoch();
            const auto mine = name_of(s.id());
            {
                const std::lock_guard lock{m->mutex};
                if (m->made_in == in)
                    co_return m->name;
            }
            // Twice is harmless: nobody else bears the name, and the node is ours as long as the session.
            pipeline p;
            if (make_directory)
                for (auto& above : path_prefixes(m->directory))
                    p.add(op::create{std::move(above)});
            p.add(op::create{join_path(m->directory, mine), record_of(s), create_mode::ephemeral});
            const auto answers = co_await s.run(std::move(p), by, in);
            const auto ec = answers.back().ec;
            if (!ec || ec == errc::node_exists) {
                const std::lock_guard lock{m->mutex};
                m->made_in = in;
                m->name = mine;
                co_return mine;
            }
            const bool again = ec == errc::session_expired || detail::worth_another_try(ec, by);
            if (ec == errc::no_node && !make_directory)
                make_directory = true;
            else if (!again || by.passed())
                fail(ec, "membership::name", m->directory);
        }
    };
    return make(known, until);
}

awaitable<bool> membership::alive(std::string name, deadline until) const
{
    const auto look = [](std::shared_ptr<state> m, std::string who, deadline by) -> awaitable<bool> {
        const auto path = join_path(m->directory, who);
        pipeline p;
        p.add(op::sync{path}).add(op::exists{path});
        const auto answers = co_await m->ensemble.run(std::move(p), or_default(m->ensemble, by));
        if (answers[0].ec)
            fail(answers[0].ec, "membership::alive", path);
        if (answers[1].ec && answers[1].ec != errc::no_node)
            fail(answers[1].ec, "membership::alive", path);
        co_return answers[1].ok();
    };
    return look(state_, std::move(name), until);
}

}  // namespace turnstile::inline v0
