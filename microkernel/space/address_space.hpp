// SPDX-License-Identifier: BSD-2-Clause
// Address spaces by number: the way from an ASID to a PML4, and what the CPU has loaded.
#pragma once

#include <arch/x86_64/cpu/registers.hpp>
#include <lib/count.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// The PML4 behind `asid`; 0 if there is none, or the space or its pool is gone.
inline PhysAddr find_space(Asid asid) { return object_in(kernel_state.spaces[asid.value]); }
/// `cap` is a PML4 that stands for a live address space.
inline bool is_live_space(const Capability& cap) {
    return cap.is(CapType::pml4) && kernel_state.spaces[cap.asid().value] == cap.raw0();
}

/// First ASID of pool `index`.
constexpr unsigned first_asid(unsigned index) { return index * abi::asid_pool_entries; }

/// Loads the space of `vspace`, or the kernel's own if that is none.
void change_space(const Capability& vspace);
/// Loads the address space of `thread`, or the kernel's if it has none (it will fault on its next instruction).
[[gnu::always_inline]] inline void load_space(const Tcb& thread) {
    const Capability& vspace = thread.cap(TcbSlot::vspace);
    const Word space = vspace.raw0();
    if (space == cpu.loaded_space)
        return;
    const auto& features = kernel_state.features;
    if (kernel_state.spaces[asid_in(space).value] != space || features.pcid | features.isolation) [[unlikely]]
        return change_space(vspace);
    cpu.loaded_space = space;
    count(Event::cr3_load);
    x86::Cr3(object_in(space), 0).write();
}
/// Asid of what is loaded; 0 = the kernel's own tables.
inline Asid loaded_asid() { return asid_in(cpu.loaded_space); }
/// What CR3 holds (with isolation: in ring 3), to be loaded once more: keeping the translations of this PCID, or not.
x86::Cr3 loaded_cr3(bool keep_translations);

/// The space of `asid`, which lives, is no longer one: nothing of it stays loaded or cached.
void end_space(Asid asid);
/// The same for all spaces of a pool; what is cached of them is thrown away when their numbers are given out again.
void end_pool(unsigned index);

/// The PML4's kernel half becomes that of all address spaces; the user half must be zero.
void init_space(PhysAddr root);

} // namespace kernel
