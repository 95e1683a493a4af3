// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/paging/entry.hpp>
#include <space/address_space.hpp>
#include <space/tlb.hpp>

#include <algorithm>

namespace kernel {

x86::Cr3 loaded_cr3(bool keep_translations) {
    const bool pcid = kernel_state.features.pcid;
    const PhysAddr root = cpu.loaded_space ? object_in(cpu.loaded_space) : kernel_state.kernel_pml4;
    return x86::Cr3(root, pcid ? loaded_asid().value : 0, pcid && keep_translations);
}

void change_space(const Capability& vspace) {
    const Word space = is_live_space(vspace) ? vspace.raw0() : 0;
    if (space == cpu.loaded_space)
        return;
    cpu.loaded_space = space;
    count(Event::cr3_load);
    if (kernel_state.features.isolation)
        x86::entry_area.user_cr3 = loaded_cr3(true).raw();
    else
        loaded_cr3(true).write();
}

void end_space(Asid asid) {
    kernel_state.spaces[asid.value] = 0;
    if (loaded_asid() == asid)
        change_space({});
    invalidate_space(asid);
}

void end_pool(unsigned index) {
    std::fill_n(&kernel_state.spaces[first_asid(index)], abi::asid_pool_entries, Word{0});
    kernel_state.spaces[0] = 1;
    if (loaded_asid().value / abi::asid_pool_entries == index)
        change_space({});
    kernel_state.asid_pools[index] = false;
}

void init_space(PhysAddr root) {
    constexpr unsigned first = layout::first_kernel_entry;
    x86::movsq_copy(&window<Table>(root)->entries[first], &window<Table>(kernel_state.visible_pml4)->entries[first],
                    table_entries - first);
}

} // namespace kernel
