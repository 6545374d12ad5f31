// The vocabulary of znodes: their kinds, their stat, who may touch them.
#pragma once

#include <turnstile/export.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace turnstile::inline v0 {

enum class create_mode {
    persistent,
    ephemeral,
    persistent_sequential,
    ephemeral_sequential,
    container,  ///< removed by the servers some time after its last child has gone
};

constexpr bool is_ephemeral(create_mode m) noexcept
{
    return m == create_mode::ephemeral || m == create_mode::ephemeral_sequential;
}

constexpr bool is_sequential(create_mode m) noexcept
{
    return m == create_mode::persistent_sequential || m == create_mode::ephemeral_sequential;
}

/// Any version: the condition of an unconditional set or erase.
inline constexpr std::int32_t any_version = -1;

/// ZooKeeper's Stat. Times are milliseconds of the leader's wall clock; zxids grow with every change of the ensemble.
struct stat {
    std::int64_t czxid = 0;  ///< the transaction that created the node
    std::int64_t mzxid = 0;  ///< the transaction that last changed its data
    std::int64_t ctime = 0;
    std::int64_t mtime = 0;
    std::int32_t version = 0;
    std::int32_t cversion = 0;
    std::int32_t aversion = 0;
    std::int64_t ephemeral_owner = 0;  ///< session id of the owner, 0 for a persistent node
    std::int32_t data_length = 0;
    std::int32_t num_children = 0;
    std::int64_t pzxid = 0;

    stat() = default;
    friend bool operator==(const stat&, const stat&) = default;
};

/// Permissions, as ZooKeeper's bits.
enum class permission : std::uint32_t { read = 1, write = 2, create = 4, erase = 8, admin = 16, all = 31 };

constexpr permission operator|(permission a, permission b) noexcept
{
    return static_cast<permission>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

struct acl_entry {
    permission permissions = permission::all;
    std::string scheme;
    std::string id;

    acl_entry(permission p, std::string scheme_, std::string id_)
        : permissions{p}, scheme{std::move(scheme_)}, id{std::move(id_)}
    {
    }
    friend bool operator==(const acl_entry&, const acl_entry&) = default;
};

/// An access control list, cheap to copy. DELETE is checked on the *parent*: whoever may delete under a lock's directory
/// can break the lock, so the trust boundary is the directory.
class TURNSTILE_EXPORT acl {
public:
    /// The session's default (session_options::default_acl).
    acl() = default;
    explicit acl(std::vector<acl_entry> entries);

    /// Everything, for the authenticated identities of the session that creates the node.
    static acl creator_all();
    /// Everything, for anybody who can reach the ensemble.
    static acl world_anyone();

    bool is_session_default() const noexcept { return entries_ == nullptr; }
    const std::vector<acl_entry>& entries() const noexcept;

    friend bool operator==(const acl& a, const acl& b) { return a.entries() == b.entries(); }

private:
    std::shared_ptr<const std::vector<acl_entry>> entries_;
};

}  // namespace turnstile::inline v0
