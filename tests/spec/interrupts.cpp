// SPDX-License-Identifier: BSD-2-Clause
// Interrupt lines and I/O ports.
#include <spec/cspace.hpp>
#include <spec/deletion.hpp>
#include <spec/invocation.hpp>

namespace spec {
namespace {

struct Destination {
    const Capability& root;
    Word index, depth;
};

Slot& free_slot(const Destination& destination) {
    Slot& slot = lookup_slot(destination.root, destination.index, destination.depth, false);
    if (!slot.empty())
        throw delete_first();
    return slot;
}

void limit(Word value, Word most) {
    if (value > most)
        throw range_error(0, most);
}

/// A handler for a line that is free, placed in the slot named by the first two words.
Words get_handler(Invocation& invocation, bool msi) {
    invocation.need(7, 1);
    System& system = invocation.system;
    const Word vector = invocation.word(6);
    limit(vector, irq_line_count - 1);
    if (system.irq_lines.contains(vector))
        throw revoke_first();
    Slot& slot = free_slot({invocation.cap(0), invocation.word(0), invocation.word(1)});
    if (msi) {
        limit(invocation.word(2), 255);
        limit(invocation.word(3), 31);
        limit(invocation.word(4), 7);
    } else {
        limit(invocation.word(2), system.machine.ioapics - 1);
        limit(invocation.word(3), system.machine.pins_each - 1);
        limit(invocation.word(4), 1);
        limit(invocation.word(5), 1);
    }
    auto& line = system.irq_lines[vector];
    line = std::make_unique<IrqLine>(vector);
    if (!msi) {
        line->pin = invocation.word(3);
        line->routing = {vector, false, invocation.word(4) == 1, invocation.word(5) == 1};
    }
    system.set_pin(*line, false);
    Capability cap;
    cap.type = Type::irq_handler;
    cap.object = line.get();
    derive(slot, cap, invocation.target);
    return {};
}

} // namespace

Words invoke_irq_control(Invocation& invocation) {
    switch (invocation.method) {
    case Method::irq_control_get_ioapic: return get_handler(invocation, false);
    case Method::irq_control_get_msi: return get_handler(invocation, true);
    default: throw illegal_operation();
    }
}

Words invoke_irq_handler(Invocation& invocation) {
    IrqLine& line = object_of<IrqLine>(invocation.target.cap);
    switch (invocation.method) {
    case Method::irq_handler_ack: invocation.system.set_pin(line, false); break;
    case Method::irq_handler_set_notification: {
        invocation.need(0, 1);
        Slot& source = *invocation.extra[0];
        if (!source.cap.is(Type::notification) || !source.cap.rights.write)
            throw invalid_capability(0);
        delete_capability(invocation.system, line.handler);
        derive(line.handler, source.cap, source);
        break;
    }
    case Method::irq_handler_clear: delete_capability(invocation.system, line.handler); break;
    default: throw illegal_operation();
    }
    return {};
}

Words invoke_io_port_control(Invocation& invocation) {
    if (invocation.method != Method::io_port_control_issue)
        throw illegal_operation();
    invocation.need(4, 1);
    System& system = invocation.system;
    const Word first = invocation.word(0) & 0xffff, last = invocation.word(1) & 0xffff;
    if (last < first)
        throw invalid_argument(1);
    for (const auto& [_, range] : system.port_ranges) {
        if (first <= range->last && range->first <= last)
            throw revoke_first();
    }
    Slot& slot = free_slot({invocation.cap(0), invocation.word(2), invocation.word(3)});
    auto range = std::make_unique<PortRange>(first, last);
    Capability cap;
    cap.type = Type::io_ports;
    cap.object = range.get();
    system.port_ranges[range->address] = std::move(range);
    derive(slot, cap, invocation.target);
    return {};
}

Words invoke_io_ports(Invocation& invocation) {
    const PortRange& range = object_of<PortRange>(invocation.target.cap);
    System& system = invocation.system;
    const auto label = static_cast<Word>(invocation.method), in8 = static_cast<Word>(Method::io_port_in8),
               out8 = static_cast<Word>(Method::io_port_out8);
    if (label < in8 || label > out8 + 2)
        throw illegal_operation();
    const bool out = label >= out8;
    const unsigned bits = 8u << (label - (out ? out8 : in8));
    invocation.need(out ? 2 : 1);
    const Word port = invocation.word(0) & 0xffff;
    if (port < range.first || port + bits / 8 - 1 > range.last)
        throw illegal_operation();
    if (!out)
        return {low_bits(~Word{0}, bits)};
    system.port_output.push_back({port, bits, low_bits(invocation.word(1), bits)});
    return {};
}

Words invoke_domain_set(Invocation& invocation) {
    switch (invocation.method) {
    case Method::domain_set_set:
        invocation.need(1, 1);
        if (invocation.word(0) >= 1)
            throw invalid_argument(0);
        if (!invocation.cap(0).is(Type::tcb))
            throw invalid_argument(1);
        break;
    case Method::domain_set_schedule_configure:
        invocation.need(3);
        limit(invocation.word(0), 0);
        limit(invocation.word(1), 0);
        if (invocation.word(2) == 0 || invocation.word(2) >= power(56))
            throw invalid_argument(2);
        break;
    case Method::domain_set_schedule_set_start:
        invocation.need(1);
        limit(invocation.word(0), 1);
        if (invocation.word(0) == 1)
            throw invalid_argument(0);
        break;
    default: throw illegal_operation();
    }
    return {};
}

} // namespace spec
