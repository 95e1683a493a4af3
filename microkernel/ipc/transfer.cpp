// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <cap/lookup.hpp>
#include <ipc/fault.hpp>
#include <ipc/message.hpp>
#include <ipc/transfer.hpp>

namespace kernel {
namespace {

unsigned copy_words(Tcb& sender, const abi::IpcBuffer* from, Tcb& receiver, abi::IpcBuffer* to) {
    const unsigned length = message_length(sender, from);
    for (unsigned i = 0; i < length && i < abi::register_message_words; i++)
        message_register(receiver.context, i) = message_register(sender.context, i);
    if (!to && length > abi::register_message_words)
        return abi::register_message_words;
    for (unsigned i = abi::register_message_words; i < length; i++)
        to->message[i] = from->message[i];
    return length;
}

/// The empty slot in which `receiver` wants a capability; null if it named none, or none that is free.
Slot* receive_slot(const Tcb& receiver, const abi::IpcBuffer& buffer) {
    const auto root = resolve(receiver.cap(TcbSlot::cspace), buffer.receive_cnode, abi::word_bits);
    if (!root)
        return nullptr;
    const auto slot = lookup_slot(root->slot->cap, buffer.receive_index, buffer.receive_depth, false);
    return slot && (*slot)->is_empty() ? *slot : nullptr;
}

struct CapsMoved {
    unsigned count = 0;
    unsigned unwrapped = 0;
};

CapsMoved transfer_caps(Tcb& sender, const abi::IpcBuffer& from, const Endpoint* endpoint, Tcb& receiver,
                        abi::IpcBuffer& to) {
    CapsMoved moved;
    Slot* destination = receive_slot(receiver, to);
    const unsigned wanted = message_info(sender).extra_caps();
    for (; moved.count < wanted; moved.count++) {
        const auto source = resolve(sender.cap(TcbSlot::cspace), from.caps_or_badges[moved.count], abi::word_bits);
        if (!source || source->slot->is_empty())
            break;
        const Capability& cap = source->slot->cap;
        if (endpoint && cap.is(CapType::endpoint) && window<Endpoint>(cap.object()) == endpoint) {
            to.caps_or_badges[moved.count] = cap.badge();
            moved.unwrapped |= 1u << moved.count;
            continue;
        }
        if (!destination)
            break;
        const auto derived = derive(*source->slot);
        if (!derived || derived->is_null())
            break;
        settle_source(*source->slot, *derived);
        insert_derived(*destination, *derived, *source->slot);
        destination = nullptr;
    }
    return moved;
}

} // namespace

void transfer(Tcb& sender, const TransferTerms& terms, Tcb& receiver) {
    if (sender.fault.type != abi::Fault::none)
        return write_fault_message(sender, terms.badge, receiver);
    const abi::IpcBuffer* const from = ipc_buffer(sender);
    abi::IpcBuffer* const to = ipc_buffer(receiver);
    const abi::MessageInfo info = message_info(sender);
    const unsigned length = copy_words(sender, from, receiver, to);
    CapsMoved caps;
    if (info.extra_caps() != 0 && terms.can_grant && from && to)
        caps = transfer_caps(sender, *from, terms.endpoint, receiver, *to);
    receiver.context.rsi = abi::MessageInfo(info.label(), length, caps.count, caps.unwrapped).raw();
    receiver.context.rdi = terms.badge;
}

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
