// SPDX-License-Identifier: BSD-2-Clause
#include <cap/copying.hpp>
#include <cap/derivation.hpp>
#include <lifetime/thread_space.hpp>
#include <system.hpp>

namespace kernel {

Answer<Installation> cspace_installation(Slot& source, Word data) {
    Capability cap = TRY(derive(source));
    if (!cap.is(CapType::cnode))
        return refuse(SyscallError::illegal_operation());
    if (data != 0)
        TRY(set_guard(cap, data));
    return Installation{cap, &source, source.cap};
}

Answer<Installation> vspace_installation(Slot& source) {
    const Capability cap = TRY(derive(source));
    if (!cap.is(CapType::pml4))
        return refuse(SyscallError::illegal_operation());
    return Installation{cap, &source, source.cap};
}

Answer<Installation> ipc_buffer_installation(Slot& source, Word address) {
    if (address == 0)
        return Installation{};
    const Capability cap = TRY(derive(source));
    if (!cap.is(CapType::frame) || cap.is_device_frame())
        return refuse(SyscallError::illegal_operation());
    if (!is_aligned(address, bit(abi::ipc_buffer_bits)))
        return refuse(SyscallError::alignment());
    return Installation{cap, &source, source.cap, address};
}

Answer<Installation> handler_installation(Slot& source, Word number, bool may_be_table) {
    const Capability cap = TRY(derive(source));
    if (cap.is_null())
        return Installation{};
    if (!(cap.is(CapType::endpoint) && cap.can_call()) && !(cap.is(CapType::cnode) && may_be_table))
        return refuse(SyscallError::invalid_capability(number));
    return Installation{cap, &source, source.cap};
}

void install(Tcb& thread, TcbSlot which, const Installation& installation) {
    if (!installation.source || installation.source->cap != installation.source_cap)
        return;
    const Capability& cap = installation.cap;
    insert_derived(thread.slot(which), cap, *installation.source);
    switch (which) {
    case TcbSlot::cspace: thread.cspace = QuickCSpace(cap); break;
    case TcbSlot::vspace: cpu.unsettled = true; break; // the running thread's address space may be another now
    case TcbSlot::ipc_buffer: {
        const Word offset = installation.buffer_at & ones(frame_bits(cap.frame_size()));
        thread.buffer = window<abi::IpcBuffer>(cap.object() + offset);
        break;
    }
    default: break;
    }
}

void forget_capability(Slot& slot) {
    Tcb& thread = Tcb::of(slot);
    switch (static_cast<TcbSlot>(&slot - thread.slots.data())) {
    case TcbSlot::cspace: thread.cspace = {}; break;
    case TcbSlot::vspace: cpu.unsettled = true; [[fallthrough]];
    case TcbSlot::fault_handler: thread.keeper.orphaned = true; break;
    case TcbSlot::ipc_buffer: thread.buffer = nullptr; break;
    case TcbSlot::timeout_handler: break;
    }
}

} // namespace kernel
