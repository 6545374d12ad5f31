// All of it, or none: ZooKeeper's multi.
//
//     transaction t;
//     t.check("/orders/42", 7).set("/orders/42/price", "80").erase("/orders/42/draft");
//     auto results = co_await s.commit(std::move(t));
#pragma once

#include <turnstile/operation.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace turnstile::inline v0 {

class transaction {
public:
    transaction() = default;

    /// Containers are refused (errc::bad_argument): they abort the C client.
    transaction& create(std::string path, std::string data = {}, create_mode mode = create_mode::persistent, acl access = {})
    {
        steps_.emplace_back(op::create{std::move(path), std::move(data), mode, std::move(access)});
        return *this;
    }
    transaction& erase(std::string path, std::int32_t version = any_version)
    {
        steps_.emplace_back(op::erase{std::move(path), version});
        return *this;
    }
    transaction& set(std::string path, std::string data, std::int32_t version = any_version)
    {
        steps_.emplace_back(op::set{std::move(path), std::move(data), version});
        return *this;
    }
    /// The node is there (and has this version); otherwise nothing of the transaction happens.
    transaction& check(std::string path, std::int32_t version = any_version)
    {
        steps_.emplace_back(op::check{std::move(path), version});
        return *this;
    }

    bool empty() const noexcept { return steps_.empty(); }
    std::size_t size() const noexcept { return steps_.size(); }
    std::vector<op::step> release() && { return std::move(steps_); }

private:
    std::vector<op::step> steps_;
};

}  // namespace turnstile::inline v0
