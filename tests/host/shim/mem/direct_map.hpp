// SPDX-License-Identifier: BSD-2-Clause
// Host tests: physical memory is a block of the test process's memory. Stands in for microkernel/mem/direct_map.hpp.
#pragma once

#include <mem/layout.hpp>

namespace kernel {

/// Set by FakeMachine (tests/host/support/fake_machine.hpp): host address of physical address 0.
inline Word host_window_base = 0;

template <class T>
inline T* window(PhysAddr address) {
    return reinterpret_cast<T*>(host_window_base + address.raw());
}

inline PhysAddr physical(const void* pointer) { return PhysAddr(reinterpret_cast<Word>(pointer) - host_window_base); }

} // namespace kernel
