// SPDX-License-Identifier: BSD-2-Clause
#include <spec/fault.hpp>

#include <spec/endpoint.hpp>
#include <spec/message.hpp>
#include <spec/registers.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>
#include <spec/thread.hpp>

#include <span>

namespace spec {
namespace {

/// Which registers the words of an answer go to.
constexpr Register after_unknown_call[] = {rax, rbx, rcx, rdx, rsi, rdi, rbp, r8,  r9,
                                           r10, r11, r12, r13, r14, r15, rip, rsp, rflags};
constexpr Register after_exception[] = {rip, rsp, rflags};
constexpr Register after_timeout[] = {rip, rsp, rflags, rax, rbx, rcx, rdx, rsi, rdi,    rbp,
                                      r8,  r9,  r10,    r11, r12, r13, r14, r15, fs_base};

void send_fault(System& system, Thread& thread, const Fault& fault, ThreadSlot handler) {
    system.outcome.fault = fault.type;
    const Capability& cap = thread.cap(handler);
    if (!cap.is(Type::endpoint))
        return stop(system, thread);
    thread.fault = fault;
    const Sending how{cap.badge, true, cap.rights.grant, cap.rights.grant_reply};
    send(system, thread, object_of<Endpoint>(cap), how, true, fault.type != FaultType::timeout);
}

} // namespace

void raise_fault(System& system, Thread& thread, const Fault& fault) {
    send_fault(system, thread, fault, fault_handler);
}

void raise_timeout(System& system, Thread& thread) {
    send_fault(system, thread, {FaultType::timeout, thread.context->badge, 0, {}}, timeout_handler);
}

bool answer_fault(System&, Thread& replier, Thread& thread) {
    std::span<const Register> places;
    switch (thread.fault->type) {
    case FaultType::unknown_system_call: places = after_unknown_call; break;
    case FaultType::user_exception: places = after_exception; break;
    case FaultType::timeout: places = after_timeout; break;
    default: return true;
    }
    const MessageInfo info = sent_info(replier);
    for (unsigned i = 0; i < info.length && i < places.size(); i++)
        write_register(thread, places[i], message_word(replier, i));
    return info.label == 0;
}

} // namespace spec
