// SPDX-License-Identifier: BSD-2-Clause
#include <cap/copying.hpp>
#include <cap/derivation.hpp>

namespace kernel {

Answer<Capability> derive(Slot& source) {
    Capability cap = source.cap;
    switch (cap.type()) {
    case CapType::untyped:
        if (has_children(source))
            return refuse(SyscallError::revoke_first());
        return cap;
    case CapType::frame: cap.clear_mapping(); return cap;
    case CapType::page_table:
    case CapType::page_directory:
    case CapType::pdpt:
        if (!cap.is_mapped())
            return refuse(SyscallError::illegal_operation());
        return cap;
    case CapType::pml4:
        if (!cap.asid())
            return refuse(SyscallError::illegal_operation());
        return cap;
    case CapType::zombie:
    case CapType::outer_zombie:
    case CapType::irq_control:
    case CapType::io_port_control: return refuse(SyscallError::illegal_operation());
    case CapType::null:
    case CapType::endpoint:
    case CapType::notification:
    case CapType::reply:
    case CapType::cnode:
    case CapType::tcb:
    case CapType::sched_context:
    case CapType::asid_pool:
    case CapType::irq_handler:
    case CapType::io_port:
    case CapType::sched_control:
    case CapType::asid_control:
    case CapType::domain_set: return cap;
    }
    return cap;
}

void settle_source(Slot& source, const Capability& derived) {
    if (derived.is(CapType::untyped))
        source.cap.set_watermark(bit(source.cap.size_bits()));
}

} // namespace kernel
