// SPDX-License-Identifier: BSD-2-Clause
// Physical address <-> pointer: the one place where the kernel does it (the host tests put theirs before this one).
#pragma once

#include <mem/layout.hpp>

namespace kernel {

/// The memory at `address`, RAM below layout::ram_limit, through the physical window.
template <class T>
inline T* window(PhysAddr address) {
    return reinterpret_cast<T*>(layout::physical_window.raw() + address.raw());
}

/// The physical address of something that was reached through the window.
inline PhysAddr physical(const void* pointer) {
    return PhysAddr(reinterpret_cast<Word>(pointer) - layout::physical_window.raw());
}

} // namespace kernel
