// SPDX-License-Identifier: BSD-2-Clause
#include <spec/fault.hpp>

#include <spec/endpoint.hpp>
#include <spec/keeper.hpp>
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

bool may_be_told(const Capability& cap) {
    return cap.is(Type::endpoint) && cap.rights.write && (cap.rights.grant || cap.rights.grant_reply);
}

} // namespace

void tell_fault(System& system, Thread& thread, const Capability* handler) {
    system.outcome.fault = thread.fault->type;
    if (!handler)
        return stop(system, thread);
    const Sending how{handler->badge, true, handler->rights.grant, handler->rights.grant_reply};
    send(system, thread, object_of<Endpoint>(*handler), how, true, thread.fault->type != FaultType::timeout);
}

void raise_fault(System& system, Thread& thread, const Fault& fault) {
    thread.fault = fault;
    const Capability& handler = thread.cap(fault_handler);
    if (handler.is(Type::cnode))
        tell_fault(system, thread,
                   fault.type == FaultType::page ? begin_keeper_fault(system, thread) : keeper_endpoint(thread, 0));
    else
        tell_fault(system, thread, may_be_told(handler) ? &handler : nullptr);
}

void raise_timeout(System& system, Thread& thread) {
    thread.fault = Fault{FaultType::timeout, thread.context->badge, 0, {}};
    tell_fault(system, thread, &thread.cap(timeout_handler));
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
