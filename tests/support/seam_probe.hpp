// A client of the seam (src/client.hpp) that writes down everything it is told, and checks what every client promises: calls
// never overlap, never come from inside a call of ours, each completion comes once, and nothing comes after `closed`.
#pragma once

#include "client.hpp"
#include "eventually.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::test {

class seam_probe {
public:
    explicit seam_probe(const std::shared_ptr<detail::transport>& t, detail::session_identity resume = {})
        : seam_probe{t, settings_for(std::move(resume))}
    {
    }
    seam_probe(const std::shared_ptr<detail::transport>& t, detail::client_settings settings)
        : notes_{std::make_shared<notebook>()}
    {
        const inside_a_call mark;
        client_ = t->open(std::move(settings), notes_);
    }
    seam_probe(const seam_probe&) = delete;
    seam_probe& operator=(const seam_probe&) = delete;
    ~seam_probe()
    {
        if (client_)
            close();
        EXPECT_EQ(notes_->unanswered.load(), 0) << "accepted, and never completed";
    }

    static detail::client_settings settings_for(detail::session_identity resume)
    {
        detail::client_settings s;
        s.session_timeout = std::chrono::seconds{10};
        s.resume = std::move(resume);
        return s;
    }

    /// Waits until `line` has been noted `times` times.
    bool saw(const std::string& line, std::ptrdiff_t times = 1) const
    {
        return notes_->wait([&] { return std::count(notes_->lines.begin(), notes_->lines.end(), line) >= times; });
    }
    bool connected(std::ptrdiff_t times = 1) const { return saw("connected", times); }

    /// All that was told: "connected", "disconnected", "expired", "auth_failed", "erased /path" …, and "<tag>: <error or
    /// ok>" for the completions of `send`.
    std::vector<std::string> lines() const
    {
        const std::lock_guard lock{notes_->mutex};
        return notes_->lines;
    }
    /// The index of a line; it must be there.
    std::ptrdiff_t place(const std::string& line) const
    {
        const auto all = lines();
        const auto found = std::find(all.begin(), all.end(), line);
        EXPECT_NE(found, all.end()) << line;
        return found - all.begin();
    }
    bool quiet(const std::string& line) const
    {
        const auto all = lines();
        return std::find(all.begin(), all.end(), line) == all.end();
    }

    detail::session_identity identity() const
    {
        const std::lock_guard lock{notes_->mutex};
        return notes_->identity;
    }
    std::int64_t session() const { return identity().id; }
    std::chrono::milliseconds timeout() const
    {
        const std::lock_guard lock{notes_->mutex};
        return notes_->timeout;
    }

    /// Submits, and notes the completion under a tag.
    error_code send(const operation& o, const std::string& tag = {})
    {
        return submit(o, [notes = notes_, tag](const outcome& r) {
            if (!tag.empty())
                notes->note(tag + ": " + (r.ok() ? "ok" : r.ec.message()));
        });
    }
    /// Submits, and waits for the answer. A refusal comes back as an outcome.
    outcome call(const operation& o)
    {
        auto promise = std::make_shared<std::promise<outcome>>();
        auto answer = promise->get_future();
        if (const auto refused = submit(o, [promise](outcome r) { promise->set_value(std::move(r)); }))
            return outcome{refused};
        if (answer.wait_for(std::chrono::seconds{20}) != std::future_status::ready) {
            ADD_FAILURE() << "no answer to " << verb_of(o) << " " << path_of(o);
            return outcome{errc::deadline_exceeded};
        }
        return answer.get();
    }
    template <class F>
    error_code submit(const operation& o, F done)
    {
        ++notes_->unanswered;
        const inside_a_call mark;
        const auto refused = client_->submit(o, [notes = notes_, done = std::move(done), times = 0](outcome r) mutable {
            EXPECT_EQ(++times, 1) << "completed twice";
            --notes->unanswered;
            const telling t{*notes};
            done(std::move(r));
        });
        if (refused)
            --notes_->unanswered;
        return refused;
    }

    /// Closes, and waits until it is done.
    void close(bool end_session = true)
    {
        start_to_close(end_session);
        EXPECT_TRUE(saw("closed"));
        client_.reset();
    }
    void start_to_close(bool end_session = true)
    {
        const inside_a_call mark;
        client_->close(end_session, [notes = notes_] {
            const telling t{*notes};
            EXPECT_EQ(notes->unanswered.load(), 0) << "closed before everything was completed";
            notes->note("closed");
            notes->closed = true;
        });
    }
    /// The handle goes, whatever is still to come.
    void let_go() { client_.reset(); }

private:
    static bool& in_a_call()
    {
        static thread_local bool yes = false;
        return yes;
    }
    struct inside_a_call {
        inside_a_call() { in_a_call() = true; }
        ~inside_a_call() { in_a_call() = false; }
    };

    struct notebook final : detail::client_events {
        mutable std::mutex mutex;
        mutable std::condition_variable changed;
        std::vector<std::string> lines;
        detail::session_identity identity;
        std::chrono::milliseconds timeout{};
        std::atomic<int> unanswered{0};
        std::atomic<int> tellers{0};
        std::atomic<bool> closed{false};

        void note(std::string line)
        {
            const std::lock_guard lock{mutex};
            lines.push_back(std::move(line));
            changed.notify_all();
        }
        template <class Condition>
        bool wait(Condition holds) const
        {
            std::unique_lock lock{mutex};
            return changed.wait_for(lock, std::chrono::seconds{20}, holds);
        }
        void on_connected(const detail::session_identity& i, std::chrono::milliseconds negotiated) override;
        void on_disconnected() override;
        void on_expired() override;
        void on_auth_failed() override;
        void on_watch(watch_event_type type, const std::string& path) override;
    };

    /// Alive while one call to us lasts.
    struct telling {
        notebook& n;
        explicit telling(notebook& notes) : n{notes}
        {
            EXPECT_EQ(++n.tellers, 1) << "calls overlap";
            EXPECT_FALSE(in_a_call()) << "told from inside our own call";
            EXPECT_FALSE(n.closed) << "told after closed";
        }
        ~telling() { --n.tellers; }
    };

    std::shared_ptr<notebook> notes_;
    std::shared_ptr<detail::client> client_;
};

inline void seam_probe::notebook::on_connected(const detail::session_identity& i, std::chrono::milliseconds negotiated)
{
    const telling t{*this};
    {
        const std::lock_guard lock{mutex};
        identity = i;
        timeout = negotiated;
    }
    note("connected");
}

inline void seam_probe::notebook::on_disconnected()
{
    const telling t{*this};
    note("disconnected");
}

inline void seam_probe::notebook::on_expired()
{
    const telling t{*this};
    note("expired");
}

inline void seam_probe::notebook::on_auth_failed()
{
    const telling t{*this};
    note("auth_failed");
}

inline void seam_probe::notebook::on_watch(watch_event_type type, const std::string& path)
{
    static const char* const names[] = {"created", "erased", "changed", "children_changed"};
    const telling t{*this};
    note(std::string{names[static_cast<int>(type)]} + " " + path);
}

}  // namespace turnstile::test
