// What a call throws, as a code.
#pragma once

#include <turnstile/error.hpp>

#include <boost/system/system_error.hpp>

#include <functional>

namespace turnstile::test {

/// The empty code: it throws nothing.
inline error_code error_of(const std::function<void()>& f)
{
    try {
        f();
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

}  // namespace turnstile::test
