// How the session core's mutex is held. For the source files of session_core only.
#pragma once

#include "session_core.hpp"

#include <boost/container/small_vector.hpp>

#include <mutex>

namespace turnstile::inline v0::detail {

/// Holds the core's mutex; runs afterwards what must not run under it.
class session_core::guarded {
public:
    explicit guarded(const session_core& core) : lock_{core.mutex_} {}
    ~guarded()
    {
        lock_.unlock();
        for (auto& f : after_)
            f();
    }
    guarded(const guarded&) = delete;
    guarded& operator=(const guarded&) = delete;

    void after(unique_function<void()> f) { after_.push_back(std::move(f)); }

private:
    std::unique_lock<std::mutex> lock_;
    boost::container::small_vector<unique_function<void()>, 3> after_;
};

}  // namespace turnstile::inline v0::detail
