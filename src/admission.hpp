// What may be sent at all: asked of each operation before anything is.
#pragma once

#include <turnstile/error.hpp>
#include <turnstile/operation.hpp>
#include <turnstile/path.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace turnstile::inline v0::detail {

/// Bytes of path of the ephemeral nodes that it would make.
std::size_t ephemeral_bytes_of(const op::create& o) noexcept;
std::size_t ephemeral_bytes_of(const operation& o) noexcept;

/// The path where it would leave a watch, or null.
const std::string* watched_path(const operation& o) noexcept;

/// What an operation would create, watch and carry; asked before anything is sent.
class admission {
public:
    error_code ec;
    std::size_t watch_bytes = 0;
    std::size_t ephemeral_bytes = 0;

    explicit admission(std::size_t payload_max) : payload_max_{payload_max} {}

    void operator()(const op::create& o)
    {
        path(o.path, is_sequential(o.mode));
        payload(o.data.size());
        ephemeral_bytes += ephemeral_bytes_of(o);
        if (in_multi_ && o.mode == create_mode::container)
            fail(errc::bad_argument);
    }
    void operator()(const op::set& o)
    {
        path(o.path);
        payload(o.data.size());
    }
    void operator()(const op::exists& o) { watching(o); }
    void operator()(const op::get& o) { watching(o); }
    void operator()(const op::children& o) { watching(o); }
    void operator()(const op::config&) {}
    void operator()(const op::multi& o)
    {
        if (o.steps.empty())
            fail(errc::bad_argument);
        in_multi_ = true;
        bytes_ = o.steps.size() * step_overhead;
        for (const auto& s : o.steps)
            std::visit(*this, s);
        payload(0);
        in_multi_ = false;
    }
    template <class Op>
    void operator()(const Op& o)
    {
        path(o.path);
    }

private:
    template <class Op>
    void watching(const Op& o)
    {
        path(o.path);
        if (o.watch)
            watch_bytes += o.path.size();
    }
    void path(std::string_view p, bool sequential = false)
    {
        if (const auto bad = check_path(p, sequential))
            fail(bad);
        bytes_ += p.size();
    }
    /// Of the whole packet: the steps of a transaction travel together.
    void payload(std::size_t n)
    {
        bytes_ = (in_multi_ ? bytes_ : 0) + n;
        if (bytes_ > payload_max_)
            fail(errc::too_large);
    }
    void fail(error_code why)
    {
        if (!ec)
            ec = why;
    }

    /// Headers, lengths, version and a short ACL of one step.
    static constexpr std::size_t step_overhead = 64;

    const std::size_t payload_max_;
    std::size_t bytes_ = 0;
    bool in_multi_ = false;
};

}  // namespace turnstile::inline v0::detail
