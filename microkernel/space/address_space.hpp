// SPDX-License-Identifier: BSD-2-Clause
// Address spaces by number: ASID pools, the way from an ASID to a PML4, and what the CPU has loaded.
#pragma once

#include <system.hpp>

namespace kernel {

/// A 4 KiB object: the PML4s of 512 ASIDs, 0 = free.
struct AsidPool {
    std::array<PhysAddr, abi::asid_pool_entries> roots;
};

/// The PML4 behind `asid`; none if the space or its pool is gone.
Result<PhysAddr, LookupError> find_space(Asid asid);
/// `cap` is a PML4 that stands for a live address space.
bool is_live_space(const Capability& cap);

/// First ASID of pool `index`.
constexpr unsigned first_asid(unsigned index) { return index * abi::asid_pool_entries; }

/// Loads the address space of `thread`, or the kernel's if it has none (it will fault on its next instruction).
void load_space(const Tcb& thread);
/// Runs on the kernel's own tables, if `root` is loaded: it is about to go.
void leave_space(PhysAddr root);

/// The PML4's kernel half becomes the kernel's own; the user half must be zero.
void init_space(PhysAddr root);

} // namespace kernel
