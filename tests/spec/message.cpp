// SPDX-License-Identifier: BSD-2-Clause
#include <spec/message.hpp>

#include <spec/copying.hpp>
#include <spec/cspace.hpp>
#include <spec/keeper.hpp>
#include <spec/sched_context.hpp>

#include <algorithm>

namespace spec {
namespace {

/// The slot where `receiver` wants a capability, if it is empty and can be found.
Slot* receive_slot(Thread& receiver, const Buffer& buffer) {
    try {
        const Slot& root = lookup(receiver, buffer.read(buffer::receive_cnode));
        Slot& slot =
            lookup_slot(root.cap, buffer.read(buffer::receive_index), buffer.read(buffer::receive_depth), false);
        return slot.empty() ? &slot : nullptr;
    } catch (const LookupFailure&) {
        return nullptr;
    } catch (const Refusal&) {
        return nullptr;
    }
}

/// Null if it cannot be looked up.
Slot* extra_slot(Thread& sender, unsigned index) {
    try {
        return &lookup(sender, buffer_of(sender).read(buffer::caps + index));
    } catch (const LookupFailure&) {
        return nullptr;
    }
}

/// At most one capability is installed; one to the very endpoint used is sent as its badge. The first that cannot be
/// delivered ends the transfer.
void transfer_capabilities(Thread& sender, Thread& receiver, Endpoint* through, MessageInfo& info) {
    const Buffer buffer = buffer_of(receiver);
    if (!buffer)
        return;
    const unsigned count = sent_info(sender).extra_caps;
    Slot* place = count == 0 ? nullptr : receive_slot(receiver, buffer);
    for (unsigned i = 0; i < count; i++) {
        Slot* const source = extra_slot(sender, i);
        if (!source)
            return;
        const Capability& cap = source->cap;
        if (through && cap.is(Type::endpoint) && cap.object == through) {
            buffer.write(buffer::caps + info.extra_caps, cap.badge);
            info.unwrapped |= power(info.extra_caps);
        } else {
            if (!place || source->empty())
                return;
            try {
                derive(*place, derived(*source, cap), *source);
            } catch (const Refusal&) {
                return;
            }
            place = nullptr;
        }
        info.extra_caps++;
    }
}

} // namespace

Buffer buffer_of(Thread& thread) {
    const Capability& cap = thread.cap(ipc_buffer);
    if (!cap.is(Type::frame) || thread.buffer_address == 0)
        return {};
    Frame& frame = object_of<Frame>(cap);
    return {&frame, low_bits(thread.buffer_address, frame.bits)};
}

MessageInfo sent_info(Thread& thread) {
    MessageInfo info = MessageInfo::of(thread.registers[rsi]);
    if (!buffer_of(thread)) {
        info.length = std::min(info.length, words_in_registers);
        info.extra_caps = 0;
    }
    return info;
}

Word message_word(Thread& thread, unsigned index) {
    if (index < words_in_registers)
        return thread.registers[message_registers[index]];
    return buffer_of(thread).read(buffer::message + index);
}

unsigned put_words(Thread& thread, const Words& words) {
    const Buffer buffer = buffer_of(thread);
    for (unsigned i = 0; i < words.size(); i++) {
        if (i < words_in_registers)
            thread.registers[message_registers[i]] = words[i];
        else if (buffer)
            buffer.write(buffer::message + i, words[i]);
        else
            return i;
    }
    return words.size();
}

void answer(Thread& thread, Word label, const Words& words) {
    MessageInfo info{.label = label};
    info.length = put_words(thread, words);
    thread.registers[rdi] = 0;
    thread.registers[rsi] = info.word();
}

std::vector<Slot*> extra_capabilities(Thread& sender) {
    std::vector<Slot*> slots;
    const unsigned count = sent_info(sender).extra_caps;
    for (unsigned i = 0; i < count; i++) {
        const Word pointer = buffer_of(sender).read(buffer::caps + i);
        try {
            slots.push_back(&lookup(sender, pointer));
        } catch (const LookupFailure& failure) {
            throw CapabilityFault{pointer, false, failure};
        }
    }
    return slots;
}

void transfer_message(Thread& sender, Thread& receiver, Endpoint* through, Word badge, bool grant) {
    const MessageInfo sent = sent_info(sender);
    const Buffer from = buffer_of(sender), to = buffer_of(receiver);
    MessageInfo info{.label = sent.label};
    info.length = to ? sent.length : std::min(sent.length, words_in_registers);
    for (unsigned i = 0; i < info.length; i++) {
        if (i < words_in_registers)
            receiver.registers[message_registers[i]] = sender.registers[message_registers[i]];
        else
            to.write(buffer::message + i, from.read(buffer::message + i));
    }
    if (grant)
        transfer_capabilities(sender, receiver, through, info);
    receiver.registers[rdi] = badge;
    receiver.registers[rsi] = info.word();
}

void transfer_fault(System& system, Thread& sender, Thread& receiver, Word badge) {
    const Registers& r = sender.registers;
    const Fault& fault = *sender.fault;
    Words words;
    switch (fault.type) {
    case FaultType::none: break;
    case FaultType::capability:
        words = {r[rip], fault.subject, fault.detail};
        words.add(fault.lookup);
        break;
    case FaultType::unknown_system_call:
        words = {r[rax], r[rbx], r[rcx], r[rdx], r[rsi], r[rdi], r[rbp], r[r8],     r[r9],        r[r10],
                 r[r11], r[r12], r[r13], r[r14], r[r15], r[rip], r[rsp], r[rflags], fault.subject};
        break;
    case FaultType::user_exception: words = {r[rip], r[rsp], r[rflags], fault.subject, fault.detail}; break;
    case FaultType::timeout:
        words = {fault.subject, sender.context ? take_consumed(system, *sender.context) : 0};
        break;
    case FaultType::keeper: words = keeper_message(system, sender); break;
    case FaultType::page: words = {r[rip], fault.subject, fault.detail >> 4 & 1, fault.detail & 31}; break;
    }
    MessageInfo info{.label = static_cast<Word>(fault.type)};
    info.length = put_words(receiver, words);
    receiver.registers[rdi] = badge;
    receiver.registers[rsi] = info.word();
}

} // namespace spec
