// SPDX-License-Identifier: BSD-2-Clause
#include <space/address_space.hpp>
#include <space/tlb.hpp>

namespace kernel {
namespace {

/// Without INVPCID another space's translations are only reached by loading it: the load that does not ask to keep them
/// throws them away (SDM Vol. 3A, "Operations that Invalidate TLBs and Paging-Structure Caches", MOV to CR3).
void flush_by_reload(Asid asid) {
    x86::Cr3(kernel_state.kernel_pml4, asid.value).write();
    loaded_cr3(true).write();
}

} // namespace

void invalidate_page(Asid asid, VirtAddr address) {
    if (asid == loaded_asid() && !kernel_state.features.isolation) {
        count(Event::invalidation);
        x86::invlpg(address);
    } else if (kernel_state.features.pcid) {
        count(Event::invalidation);
        if (kernel_state.features.invpcid)
            x86::invpcid(x86::InvpcidType::address, asid.value, address);
        else
            flush_by_reload(asid);
    }
    // Without PCIDs nothing of a space that is not loaded is cached; with isolation none is as long as the kernel runs.
}

void invalidate_space(Asid asid) {
    const bool pcid = kernel_state.features.pcid;
    if (!pcid && (asid != loaded_asid() || kernel_state.features.isolation))
        return;
    count(Event::invalidation);
    if (!pcid)
        return loaded_cr3(false).write();
    if (kernel_state.features.invpcid)
        x86::invpcid(x86::InvpcidType::context, asid.value, VirtAddr{});
    else
        flush_by_reload(asid);
}

} // namespace kernel
