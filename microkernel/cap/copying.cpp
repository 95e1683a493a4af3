// SPDX-License-Identifier: BSD-2-Clause
#include <cap/copying.hpp>
#include <cap/derivation.hpp>

namespace kernel {

Answer<Capability> derive(Slot& source) {
    Capability cap = source.cap;
    const CapType type = cap.type();
    if (type == CapType::untyped && has_children(source))
        return refuse(SyscallError::revoke_first());
    const bool lacks_place = type == CapType::pml4 ? !cap.asid() : is_paging_structure(type) && !cap.is_mapped();
    if (lacks_place || is_zombie(type) || type == CapType::irq_control || type == CapType::io_port_control)
        return refuse(SyscallError::illegal_operation());
    if (type == CapType::frame)
        cap.clear_mapping();
    return cap;
}

} // namespace kernel
