// Who of this process is at which key, so that a storm of retries asks ZooKeeper once.
#pragma once

#include <turnstile/latch.hpp>

#include "claim.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace turnstile::inline v0::detail {

class key_desk : public std::enable_shared_from_this<key_desk> {
public:
    /// Somebody asks for a key, and others wait to hear what comes of it.
    struct question {
        latch answered;
        // Written before the latch opens.
        std::optional<claim_view> seen;  ///< what stands there
        bool alive = false;              ///< somebody is at it
    };

    /// The one who asks, until it is dropped.
    class asker {
    public:
        asker(std::shared_ptr<key_desk> desk, std::string key, std::shared_ptr<question> q)
            : desk_{std::move(desk)}, key_{std::move(key)}, question_{std::move(q)}
        {
        }
        asker(const asker&) = delete;
        asker& operator=(const asker&) = delete;
        ~asker() { desk_->answered(key_, std::move(held_for_), *question_); }

        /// All who wait may have that.
        void saw(claim_view what, bool alive)
        {
            question_->seen = std::move(what);
            question_->alive = alive;
        }
        /// It is ours, for a request of this fingerprint: the key is taken until the result is called.
        std::function<void()> holds(std::string fingerprint)
        {
            held_for_ = std::move(fingerprint);
            return [desk = desk_, key = key_] { desk->free(key); };
        }

    private:
        const std::shared_ptr<key_desk> desk_;
        const std::string key_;
        const std::shared_ptr<question> question_;
        std::optional<std::string> held_for_;
    };

    struct place {
        std::unique_ptr<asker> first;     ///< nobody is at it: we are
        std::shared_ptr<question> other;  ///< somebody asks: wait
        std::string taken_for;            ///< somebody has it, for a request of this fingerprint
    };

    place come(const std::string& key);

private:
    void answered(const std::string& key, std::optional<std::string> held_for, question& q);
    void free(const std::string& key);

    std::mutex mutex_;
    struct business {
        std::shared_ptr<question> asked;  ///< null: it is held
        std::string held_for;
    };
    std::unordered_map<std::string, business> keys_;  // guarded by mutex_
};

}  // namespace turnstile::inline v0::detail
