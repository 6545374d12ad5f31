// A move-only callable that is called at most once: std::move_only_function is C++23, and Asio's any_completion_handler of
// Boost 1.81 recurses on move assignment.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace turnstile::inline v0::detail {

template <class Signature>
class unique_function;

template <class R, class... Args>
class unique_function<R(Args...)> {
    /// Room for two shared pointers and a tag: what the session's completions capture, without an allocation.
    static constexpr std::size_t room = 40;

    template <class F>
    static constexpr bool fits =
        sizeof(F) <= room&& std::alignment_of_v<F> <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;

    struct behaviour {
        R (*call)(void*, Args&&...);
        void (*move)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
    };

    template <class F>
    static constexpr behaviour in_place{
        [](void* p, Args&&... args) -> R { return (*static_cast<F*>(p))(std::forward<Args>(args)...); },
        [](void* from, void* to) noexcept {
            ::new (to) F(std::move(*static_cast<F*>(from)));
            static_cast<F*>(from)->~F();
        },
        [](void* p) noexcept { static_cast<F*>(p)->~F(); }};

    template <class F>
    static constexpr behaviour on_heap{
        [](void* p, Args&&... args) -> R { return (**static_cast<F**>(p))(std::forward<Args>(args)...); },
        [](void* from, void* to) noexcept { ::new (to) F*(*static_cast<F**>(from)); },
        [](void* p) noexcept { delete *static_cast<F**>(p); }};

public:
    unique_function() noexcept = default;
    unique_function(std::nullptr_t) noexcept {}  // NOLINT(*-explicit-*)

    template <class F>
        requires(!std::is_same_v<std::decay_t<F>, unique_function> && std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
    unique_function(F&& f)  // NOLINT(*-explicit-*, *-forwarding-reference-overload)
    {
        using Stored = std::decay_t<F>;
        if constexpr (fits<Stored>) {
            ::new (static_cast<void*>(storage_)) Stored(std::forward<F>(f));
            behaviour_ = &in_place<Stored>;
        } else {
            ::new (static_cast<void*>(storage_)) Stored*(new Stored(std::forward<F>(f)));
            behaviour_ = &on_heap<Stored>;
        }
    }

    unique_function(unique_function&& other) noexcept { take(other); }
    unique_function& operator=(unique_function&& other) noexcept
    {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~unique_function() { reset(); }

    explicit operator bool() const noexcept { return behaviour_ != nullptr; }

    R operator()(Args... args)
    {
        assert(behaviour_ && "called while empty");
        return behaviour_->call(storage_, std::forward<Args>(args)...);
    }

    void reset() noexcept
    {
        if (auto* b = std::exchange(behaviour_, nullptr))
            b->destroy(storage_);
    }

private:
    void take(unique_function& other) noexcept
    {
        behaviour_ = std::exchange(other.behaviour_, nullptr);
        if (behaviour_)
            behaviour_->move(other.storage_, storage_);
    }

    alignas(std::max_align_t) std::byte storage_[room];
    const behaviour* behaviour_ = nullptr;
};

}  // namespace turnstile::inline v0::detail
