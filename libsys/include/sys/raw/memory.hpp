// SPDX-License-Identifier: BSD-2-Clause
// Memory of the running program by its address, where that is a number that the program has chosen itself (a window for frames).
// Host tests replace this header: there such an address is looked up in the simulated page tables.
#pragma once

#include <abi/types.hpp>

namespace sys::raw {

inline void* memory(abi::Word address) { return reinterpret_cast<void*>(address); }

} // namespace sys::raw
