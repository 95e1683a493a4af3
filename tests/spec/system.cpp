// SPDX-License-Identifier: BSD-2-Clause
// Kernel entries: system calls, exceptions, interrupts.
#include <spec/system.hpp>

#include <spec/cspace.hpp>
#include <spec/deletion.hpp>
#include <spec/endpoint.hpp>
#include <spec/fault.hpp>
#include <spec/invocation.hpp>
#include <spec/message.hpp>
#include <spec/notification.hpp>
#include <spec/pager.hpp>
#include <spec/registers.hpp>
#include <spec/reply.hpp>
#include <spec/scheduler.hpp>

namespace spec {

Word Invocation::word(unsigned index) const { return message_word(caller, index); }

namespace {

/// How a capability is invoked.
struct Manner {
    bool call = false;
    bool blocking = false;
    bool first_half = false; ///< a second half of the system call follows
    bool restricted = false; ///< not on TCBs, CNodes, DomainSet and scheduling capabilities
};

Words invoke_object(Invocation& invocation) {
    switch (invocation.target.cap.type) {
    case Type::untyped: return invoke_untyped(invocation);
    case Type::tcb: return invoke_tcb(invocation);
    case Type::cnode: return invoke_cnode(invocation);
    case Type::sched_control: return invoke_sched_control(invocation);
    case Type::sched_context: return invoke_sched_context(invocation);
    case Type::frame: return invoke_frame(invocation);
    case Type::page_table:
    case Type::page_directory:
    case Type::pdpt:
    case Type::pml4: return invoke_table(invocation);
    case Type::asid_control: return invoke_asid_control(invocation);
    case Type::asid_pool: return invoke_asid_pool(invocation);
    case Type::irq_control: return invoke_irq_control(invocation);
    case Type::irq_handler: return invoke_irq_handler(invocation);
    case Type::io_port_control: return invoke_io_port_control(invocation);
    case Type::io_ports: return invoke_io_ports(invocation);
    case Type::domain_set: return invoke_domain_set(invocation);
    default: throw invalid_capability(0);
    }
}

bool is_restricted(Type type) {
    return type == Type::tcb || type == Type::cnode || type == Type::domain_set || type == Type::sched_context ||
           type == Type::sched_control;
}

/// What was asked for has been done: the caller goes on, unless it has been stopped by it or waits. A Call is answered.
void finish_call(Thread& thread, const Manner& manner, const Words& words) {
    if (thread.state != ThreadState::running || thread.yielded_to || manner.first_half)
        return;
    if (manner.call)
        answer(thread, 0, words);
    complete(thread);
}

/// Sends to an endpoint, a notification or through a reply object, or invokes a method.
void invoke_capability(System& system, Thread& thread, Slot& slot, std::vector<Slot*> extra, const Manner& manner) {
    const Capability& cap = slot.cap;
    const MessageInfo info = sent_info(thread);
    switch (cap.type) {
    case Type::endpoint:
        if (!cap.rights.write)
            throw invalid_capability(0);
        send(system, thread, object_of<Endpoint>(cap),
             {cap.badge, manner.call, cap.rights.grant, cap.rights.grant_reply}, manner.blocking,
             manner.call || manner.first_half);
        if (!manner.call)
            finish_call(thread, manner, {});
        return;
    case Type::notification:
        if (!cap.rights.write)
            throw invalid_capability(0);
        signal(system, object_of<Notification>(cap), cap.badge);
        return finish_call(thread, manner, {});
    case Type::reply:
        answer_caller(system, thread, object_of<Reply>(cap), cap.rights.grant);
        return finish_call(thread, manner, {});
    default: break;
    }
    if (manner.restricted && is_restricted(cap.type))
        throw illegal_operation();
    system.outcome.method = static_cast<Method>(info.label);
    Invocation invocation{system,      thread,           slot,       static_cast<Method>(info.label),
                          info.length, std::move(extra), manner.call};
    const Words words = invoke_object(invocation);
    if (!invocation.answered)
        finish_call(thread, manner, words);
}

/// One capability of `thread` is invoked.
void invoke(System& system, Thread& thread, Word pointer, const Manner& manner) {
    try {
        try {
            Slot& slot = lookup(thread, pointer);
            std::vector<Slot*> extra = extra_capabilities(thread);
            invoke_capability(system, thread, slot, std::move(extra), manner);
        } catch (const LookupFailure& failure) {
            throw CapabilityFault{pointer, false, failure};
        }
    } catch (const CapabilityFault& fault) {
        if (manner.blocking)
            raise_fault(system, thread, {FaultType::capability, fault.pointer, fault.receiving, fault.failure.words});
        else
            finish_call(thread, manner, {});
    } catch (const Refusal& refusal) {
        system.outcome.error = refusal.error;
        if (manner.call)
            answer(thread, static_cast<Word>(refusal.error), refusal.details);
        if (!manner.first_half)
            complete(thread);
    }
}

/// The first half of ReplyRecv: r12 is a reply object, or nothing happens.
void reply_first(System& system, Thread& thread) {
    const Word pointer = thread.registers[r12];
    try {
        if (!lookup(thread, pointer).cap.is(Type::reply))
            return;
    } catch (const LookupFailure&) {
        return;
    }
    invoke(system, thread, pointer, {.first_half = true});
}

/// Which reply object a receiver offers: the one that r12 names.
Reply& offered_reply(Thread& thread) {
    const Word pointer = thread.registers[r12];
    try {
        const Capability& cap = lookup(thread, pointer).cap;
        if (!cap.is(Type::reply))
            throw missing_capability(0);
        return object_of<Reply>(cap);
    } catch (const LookupFailure& failure) {
        throw CapabilityFault{pointer, true, failure};
    }
}

void receive_from(System& system, Thread& thread, const Capability& cap, bool blocking, bool with_reply) {
    if (cap.is(Type::endpoint) && cap.rights.read) {
        Reply* const reply = with_reply ? &offered_reply(thread) : nullptr;
        return receive(system, thread, object_of<Endpoint>(cap), reply, blocking);
    }
    if (cap.is(Type::notification) && cap.rights.read) {
        Notification& notification = object_of<Notification>(cap);
        if (!notification.bound || notification.bound == &thread)
            return wait(system, thread, notification, blocking);
    }
    throw missing_capability(0);
}

/// The receiving system calls and halves of system calls.
void receive_call(System& system, Thread& thread, bool blocking, bool with_reply) {
    const Word pointer = thread.registers[rdi];
    try {
        try {
            receive_from(system, thread, lookup(thread, pointer).cap, blocking, with_reply);
        } catch (const LookupFailure& failure) {
            throw CapabilityFault{pointer, true, failure};
        }
    } catch (const CapabilityFault& fault) {
        raise_fault(system, thread, {FaultType::capability, fault.pointer, true, fault.failure.words});
    }
}

void perform(System& system, Thread& thread, Word number) {
    switch (static_cast<int64_t>(number)) {
    case system_call::call: return invoke(system, thread, thread.registers[rdi], {.call = true, .blocking = true});
    case system_call::send: return invoke(system, thread, thread.registers[rdi], {.blocking = true});
    case system_call::nb_send: return invoke(system, thread, thread.registers[rdi], {});
    case system_call::recv: return receive_call(system, thread, true, true);
    case system_call::nb_recv: return receive_call(system, thread, false, true);
    case system_call::wait: return receive_call(system, thread, true, false);
    case system_call::nb_wait: return receive_call(system, thread, false, false);
    case system_call::reply_recv: reply_first(system, thread); return receive_call(system, thread, true, true);
    case system_call::reply_map_recv: return reply_map_recv(system, thread);
    case system_call::nb_send_recv:
        invoke(system, thread, thread.registers[r13], {.first_half = true, .restricted = true});
        return receive_call(system, thread, true, true);
    case system_call::nb_send_wait:
        invoke(system, thread, thread.registers[r12], {.first_half = true, .restricted = true});
        return receive_call(system, thread, true, false);
    case system_call::yield: return yield(system);
    case system_call::debug_put_char: return complete(thread);
    case system_call::set_tls_base: write_register(thread, fs_base, thread.registers[rdi]); return complete(thread);
    default: raise_fault(system, thread, {FaultType::unknown_system_call, number, 0, {}});
    }
}

} // namespace

void System::begin(Time at) {
    forgotten_.clear();
    outcome = {};
    now = at;
    if (!paying)
        charged_until = at;
}

void System::set_pin(const IrqLine& line, bool masked) {
    if (!line.pin)
        return;
    pins[*line.pin] = line.routing;
    pins[*line.pin].masked = masked;
}

Table& System::make_table(Type type, Word address) {
    changes++;
    auto table = std::make_unique<Table>(type, address);
    Table& made = *table;
    objects[address] = std::move(table);
    return made;
}

void System::forget(Object& object) {
    changes++;
    switch (object.type) {
    case Type::irq_handler:
        forgotten_.push_back(std::move(irq_lines.at(object.address)));
        irq_lines.erase(object.address);
        break;
    case Type::io_ports:
        forgotten_.push_back(std::move(port_ranges.at(object.address)));
        port_ranges.erase(object.address);
        break;
    default: forgotten_.push_back(std::move(objects.at(object.address))); objects.erase(object.address);
    }
}

void System::enter_by_system_call(Time at) {
    begin(at);
    Thread& thread = *current;
    // What the SYSCALL instruction does.
    thread.registers[rcx] = thread.registers[rip] + system_call_bytes;
    thread.registers[r11] = thread.registers[rflags];
    if (may_enter(*this))
        perform(*this, thread, thread.registers[rdx]);
    finish(*this);
}

void System::enter_by_exception(Time at, Word vector, Word error_code, Word address) {
    begin(at);
    if (may_enter(*this)) {
        if (vector == exception::page_fault)
            raise_fault(*this, *current, {FaultType::page, address, error_code, {}});
        else
            raise_fault(*this, *current, {FaultType::user_exception, vector, error_code, {}});
    }
    finish(*this);
}

void System::take_back(Slot& slot, Time at) {
    begin(at);
    revoke(*this, slot);
    finish(*this);
}

void System::enter_by_interrupt(Time at, Word line) {
    begin(at);
    (void)may_enter(*this);
    if (const auto found = irq_lines.find(line); found != irq_lines.end()) {
        IrqLine& irq = *found->second;
        set_pin(irq, true);
        if (!irq.handler.empty())
            signal(*this, object_of<Notification>(irq.handler.cap), irq.handler.cap.badge);
    }
    finish(*this);
}

} // namespace spec
