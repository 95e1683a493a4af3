// SPDX-License-Identifier: BSD-2-Clause
#include <cap/copying.hpp>
#include <cap/derivation.hpp>
#include <ipc/fault.hpp>
#include <ipc/transfer.hpp>

namespace kernel {
namespace {

/// Returns how many arrived.
unsigned copy_words(Tcb& sender, Tcb& receiver) {
    const unsigned sent = message_length(sender);
    const unsigned length = receiver.buffer ? sent : std::min(sent, abi::register_message_words);
    copy_register_words(sender.context, receiver.context, length);
    if (length > abi::register_message_words)
        copy_buffer_words(*sender.buffer, *receiver.buffer, length);
    return length;
}

/// The empty slot in which `receiver` wants a capability; null if it named none, or none that is free.
Slot* receive_slot(const Tcb& receiver, const abi::IpcBuffer& buffer) {
    const auto root = receiver.find_slot(buffer.receive_cnode);
    if (!root)
        return nullptr;
    const auto slot = lookup_empty_slot((*root)->cap, buffer.receive_index, buffer.receive_depth);
    return slot ? *slot : nullptr;
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
        const auto found = sender.find_slot(from.caps_or_badges[moved.count]);
        if (!found || (*found)->is_empty())
            break;
        Slot& source = **found;
        const Capability& cap = source.cap;
        if (endpoint && cap.is(CapType::endpoint) && window<Endpoint>(cap.object()) == endpoint) {
            to.caps_or_badges[moved.count] = cap.badge();
            moved.unwrapped |= 1u << moved.count;
            continue;
        }
        if (!destination)
            break;
        const auto derived = derive(source);
        if (!derived)
            break;
        insert_derived(*destination, *derived, source);
        destination = nullptr;
    }
    return moved;
}

} // namespace

void transfer_any(Tcb& sender, const TransferTerms& terms, Tcb& receiver) {
    if (sender.fault.type != abi::Fault::none)
        return write_fault_message(sender, terms.badge, receiver);
    const abi::MessageInfo info = message_info(sender);
    const unsigned length = copy_words(sender, receiver);
    CapsMoved caps;
    if (info.extra_caps() != 0 && terms.can_grant && sender.buffer && receiver.buffer) [[unlikely]]
        caps = transfer_caps(sender, *sender.buffer, terms.endpoint, receiver, *receiver.buffer);
    receiver.context.rsi = abi::MessageInfo(info.label(), length, caps.count, caps.unwrapped).raw();
    receiver.context.rdi = terms.badge;
}

} // namespace kernel
