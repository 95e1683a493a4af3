// SPDX-License-Identifier: BSD-2-Clause
// Methods of interrupts and I/O ports.
#include <cap/derivation.hpp>
#include <interrupt/irq_lines.hpp>
#include <object/io_ports.hpp>
#include <syscall/invocation.hpp>

namespace kernel {
namespace {

/// The number of an interrupt line, in word 6 of both methods that make handlers.
unsigned line_of(const Invocation& call) { return static_cast<unsigned>(call.word(6)); }

/// The slot for the handler of that line, which must be free.
Answer<Slot*> handler_slot(const Invocation& call) {
    TRY(call.need(7, 1));
    TRY(in_range(call.word(6), 0, irq_line_count - 1));
    if (irq_line_in_use(line_of(call)))
        return refuse(SyscallError::revoke_first());
    return lookup_empty_slot(call.extra(0).cap, call.word(0), call.word(1));
}

Outcome get_ioapic(const Invocation& call) {
    Slot& handler = *TRY(handler_slot(call));
    TRY(in_range(call.word(2), 0, x86::ioapic_count() - 1));
    const auto ioapic = static_cast<unsigned>(call.word(2));
    TRY(in_range(call.word(3), 0, x86::ioapic_pins(ioapic) - 1));
    TRY(in_range(call.word(4), 0, 1));
    TRY(in_range(call.word(5), 0, 1));
    insert_original(handler, Capability::irq_handler(line_of(call)), &call.slot);
    route_ioapic_irq(line_of(call), ioapic, static_cast<unsigned>(call.word(3)),
                     static_cast<x86::Trigger>(call.word(4)), static_cast<x86::Polarity>(call.word(5)));
    return Outcome::done();
}

Outcome get_msi(const Invocation& call) {
    Slot& handler = *TRY(handler_slot(call));
    TRY(in_range(call.word(2), 0, 255));
    TRY(in_range(call.word(3), 0, 31));
    TRY(in_range(call.word(4), 0, 7));
    insert_original(handler, Capability::irq_handler(line_of(call)), &call.slot);
    route_msi_irq(line_of(call));
    return Outcome::done();
}

Word read_port(uint16_t port, unsigned bytes) {
    return bytes == 1 ? x86::in8(port) : bytes == 2 ? x86::in16(port) : x86::in32(port);
}

void write_port(uint16_t port, unsigned bytes, Word value) {
    if (bytes == 1)
        x86::out8(port, static_cast<uint8_t>(value));
    else if (bytes == 2)
        x86::out16(port, static_cast<uint16_t>(value));
    else
        x86::out32(port, static_cast<uint32_t>(value));
}

} // namespace

Outcome decode_irq_control(const Invocation& call) {
    switch (call.method()) {
    case abi::Invocation::irq_control_get_ioapic: return get_ioapic(call);
    case abi::Invocation::irq_control_get_msi: return get_msi(call);
    default: return unknown_method(); // the legacy Get, too
    }
}

Outcome decode_irq_handler(const Invocation& call) {
    Slot& handler = kernel_state.irqs[call.cap().irq_vector()].handler;
    switch (call.method()) {
    case abi::Invocation::irq_handler_ack: acknowledge_irq(call.cap().irq_vector()); return Outcome::done();
    case abi::Invocation::irq_handler_set_notification: {
        TRY(call.need(0, 1));
        Slot& source = call.extra(0);
        if (!source.cap.is(CapType::notification) || !source.cap.rights().can_write())
            return refuse(SyscallError::invalid_capability(0));
        if (delete_slot(handler) == Progress::preempted)
            return Outcome::preempted();
        insert_derived(handler, source.cap, source);
        return Outcome::done();
    }
    case abi::Invocation::irq_handler_clear: return delete_slot(handler);
    default: return unknown_method();
    }
}

Outcome decode_io_port_control(const Invocation& call) {
    if (call.method() != abi::Invocation::io_port_control_issue)
        return unknown_method();
    TRY(call.need(4, 1));
    const auto first = static_cast<uint16_t>(call.word(0));
    const auto last = static_cast<uint16_t>(call.word(1));
    if (last < first)
        return refuse(SyscallError::invalid_argument(1));
    if (any_port_issued(first, last))
        return refuse(SyscallError::revoke_first());
    Slot& slot = *TRY(lookup_empty_slot(call.extra(0).cap, call.word(2), call.word(3)));
    issue_ports(first, last);
    insert_original(slot, Capability::io_port(first, last), &call.slot);
    return Outcome::done();
}

Outcome decode_io_port(const Invocation& call) {
    using abi::Invocation;
    // In8, In16, In32, Out8, Out16, Out32.
    const Word method = static_cast<Word>(call.method()) - static_cast<Word>(Invocation::io_port_in8);
    if (method > static_cast<Word>(Invocation::io_port_out32) - static_cast<Word>(Invocation::io_port_in8))
        return unknown_method();
    const bool writes = method >= 3;
    const unsigned bytes = 1u << method % 3;
    TRY(call.need(writes ? 2 : 1));
    const auto port = static_cast<uint16_t>(call.word(0));
    if (port < call.cap().first_port() || port + bytes - 1 > call.cap().last_port())
        return refuse(SyscallError::illegal_operation());
    if (!writes)
        return Outcome::value(read_port(port, bytes));
    write_port(port, bytes, call.word(1));
    return Outcome::done();
}

} // namespace kernel
