// SPDX-License-Identifier: BSD-2-Clause
// What this kernel was built as (meson option `kernel`). The only place in C++ where an #if may stand.
#pragma once

namespace kernel::config {

#if defined(UMBRA_KERNEL_RELEASE)
inline constexpr bool debug = false, counting = false, release = true;
#elif defined(UMBRA_KERNEL_COUNTING)
inline constexpr bool debug = false, counting = true, release = false;
#else
inline constexpr bool debug = true, counting = false, release = false;
#endif

/// Broken invariants stop the kernel at once.
inline constexpr bool asserts = !release;

/// Backtraces follow them (meson gives -fno-omit-frame-pointer to debug kernels).
inline constexpr bool frame_pointers = debug;

inline constexpr const char* version = UMBRA_VERSION;
inline constexpr const char* variant = debug ? "debug" : counting ? "counting" : "release";

} // namespace kernel::config
