// A claim of ours, while we are at it.
#pragma once

#include <turnstile/session.hpp>

#include "claim.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace turnstile::inline v0::detail {

/// A claim of ours, under way. Given up when it is dropped: what had declared nothing goes (or is opened again, with its
/// count of attempts), what had stays, as a suspect.
class held_claim {
public:
    enum class once_given_up : unsigned char { goes, opens };

    held_claim(session s, std::string path, claim_view mine, once_given_up how)
        : session_{std::move(s)}, path_{std::move(path)}, mine_{std::move(mine)}, how_{how}
    {
    }
    held_claim(const held_claim&) = delete;
    held_claim& operator=(const held_claim&) = delete;
    ~held_claim();

    const claim_record& record() const noexcept { return mine_.record; }
    const std::string& path() const noexcept { return path_; }
    /// Of the claiming: grows with every owner of the node.
    std::int64_t zxid() const noexcept { return mine_.zxid; }
    std::int32_t version() const noexcept { return mine_.version; }
    const session& get_session() const noexcept { return session_; }
    bool over() const noexcept { return over_; }

    /// 1 round trip, repeated until it is certain. Throws errc::lost when somebody has taken the claim over.
    static boost::asio::awaitable<void> declare(std::shared_ptr<held_claim> c, std::string intent, const char* verb);
    static boost::asio::awaitable<void> finish(std::shared_ptr<held_claim> c, claim_record::status how, std::string result,
                                               const char* verb);
    /// Several, as done and without a result: one transaction when all are still ours. False: that one is not any more.
    static boost::asio::awaitable<std::vector<bool>> finish_all(std::vector<std::shared_ptr<held_claim>> all,
                                                                const char* verb);

    /// Called once, when it is over.
    std::function<void()> ended;

private:
    void end() noexcept;
    /// As it will be written.
    claim_record finished(claim_record::status how, std::string result) const;
    static boost::asio::awaitable<void> change(std::shared_ptr<held_claim> c, claim_record to, const char* verb);

    const session session_;
    const std::string path_;
    claim_view mine_;
    const once_given_up how_;
    bool over_ = false;
};

}  // namespace turnstile::inline v0::detail
