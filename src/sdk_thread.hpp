// Which threads are the SDK's own: user code must not block there.
#pragma once

namespace turnstile::inline v0::detail {

bool on_sdk_thread() noexcept;
void mark_sdk_thread() noexcept;

}  // namespace turnstile::inline v0::detail
