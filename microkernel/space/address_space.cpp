// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/registers.hpp>
#include <arch/x86_64/paging/entry.hpp>
#include <lib/count.hpp>
#include <mem/direct_map.hpp>
#include <space/address_space.hpp>

namespace kernel {
namespace {

void load(PhysAddr root, Asid asid) {
    if (cpu.loaded_pml4 == root && cpu.loaded_asid == asid)
        return;
    cpu.loaded_pml4 = root;
    cpu.loaded_asid = asid;
    count(Event::cr3_load);
    const bool pcid = kernel_state.features.pcid;
    x86::Cr3(root, pcid ? asid.value : 0, pcid).write();
}

} // namespace

Result<PhysAddr, LookupError> find_space(Asid asid) {
    const PhysAddr pool = kernel_state.asid_pools[asid.value / abi::asid_pool_entries];
    if (!asid || pool == PhysAddr{})
        return Failure{LookupError::invalid_root()};
    const PhysAddr root = window<AsidPool>(pool)->roots[asid.value % abi::asid_pool_entries];
    if (root == PhysAddr{})
        return Failure{LookupError::invalid_root()};
    return root;
}

bool is_live_space(const Capability& cap) {
    if (!cap.is(CapType::pml4))
        return false;
    const auto root = find_space(cap.asid());
    return root && *root == cap.object();
}

void load_space(const Tcb& thread) {
    const Capability& vspace = thread.cap(TcbSlot::vspace);
    if (is_live_space(vspace))
        load(vspace.object(), vspace.asid());
    else
        load(kernel_state.kernel_pml4, Asid{});
}

void leave_space(PhysAddr root) {
    if (cpu.loaded_pml4 == root)
        load(kernel_state.kernel_pml4, Asid{});
}

void init_space(PhysAddr root) {
    const Table* master = window<Table>(kernel_state.kernel_pml4);
    Table* table = window<Table>(root);
    for (unsigned i = layout::first_kernel_entry; i < table_entries; i++)
        table->entries[i] = master->entries[i];
}

} // namespace kernel
