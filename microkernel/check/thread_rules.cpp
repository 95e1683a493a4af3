// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/registers.hpp>
#include <check/rules.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <sched/scheduler.hpp>

namespace kernel {
namespace {

Sound check_ends(const Tcb& thread, Census& census) {
    census.contexts.here += thread.sched_context != nullptr;
    census.bound.here += thread.bound_notification != nullptr;
    census.yields.here += thread.yielded_to != nullptr;
    census.replies.here += thread.reply != nullptr;
    TRY(holds(!thread.sched_context || thread.sched_context->thread == &thread,
              "36: a thread's scheduling context is bound to it"));
    TRY(holds(!thread.bound_notification || thread.bound_notification->bound == &thread,
              "36: a thread's bound notification knows the thread"));
    TRY(holds(!thread.yielded_to || thread.yielded_to->yielded_from == &thread,
              "36: the context that a thread yielded to knows the thread"));
    return holds(!thread.reply || thread.reply->thread == &thread, "13: a thread and its reply object know each other");
}

/// The neighbour before `thread` in its queue, or whoever should know it as the first, knows it.
bool is_linked(const Tcb& thread, const Tcb* first) {
    return (thread.queue.previous ? thread.queue.previous->queue.next : first) == &thread;
}

/// The queue that the state names; whether it is in order is asked of the queue.
Sound check_queue_of(const Tcb& thread, Census& census) {
    census.ready.here += thread.in_ready_queue;
    if (thread.in_ready_queue)
        TRY(holds(is_linked(thread, kernel_state.ready.first(thread.priority)),
                  "24: a ready thread is in the queue of its priority"));
    switch (thread.state) {
    case ThreadState::sending:
    case ThreadState::receiving:
        census.queued.here++;
        return holds(is_linked(thread, thread.endpoint->first()),
                     "24: a sending or receiving thread is queued on its endpoint");
    case ThreadState::waiting:
        census.waiting.here++;
        return holds(is_linked(thread, thread.waits_on->waiters), "24: a waiting thread is queued on its notification");
    case ThreadState::stopped:
    case ThreadState::runnable:
    case ThreadState::awaiting_reply: return sound;
    }
    return holds(false, "24: threads are in a known state");
}

Sound check_state(const Tcb& thread, Census& census) {
    TRY(holds(thread.in_ready_queue == (is_schedulable(thread) && &thread != cpu.current),
              "24: a thread is in a ready queue exactly if it could run and does not"));
    TRY(check_queue_of(thread, census));
    TRY(holds(thread.state != ThreadState::awaiting_reply || thread.reply,
              "13: a thread that awaits a reply has a reply object"));
    return holds(!thread.reply || thread.state == ThreadState::awaiting_reply || thread.state == ThreadState::receiving,
                 "13: only receiving and calling threads have a reply object");
}

/// Fault or none, and where a thread with one may be: in its handler's queue, in a reply relation, or parked.
Sound check_fault(const Tcb& thread) {
    if (thread.fault.type == abi::Fault::none)
        return sound;
    TRY(holds(thread.fault.type <= abi::Fault::vm_fault || thread.fault.type == abi::Fault::keeper_fault,
              "26: faults are of a known type"));
    return holds((thread.state == ThreadState::sending && thread.send.is_call) ||
                     thread.state == ThreadState::awaiting_reply || thread.state == ThreadState::stopped,
                 "26: a thread with a pending fault waits for its handler, or is parked");
}

/// A keeper fault that somebody is to answer: who was asked, and whether the answer may map.
Sound check_keeper_fault(const Tcb& thread) {
    const KeeperRecord& record = thread.keeper;
    if (thread.fault.type != abi::Fault::keeper_fault || !thread.is_blocked())
        return sound;
    TRY(holds((record.keeper == 0) == (record.why != abi::WhySupervisor::is_not),
              "42: a keeper is asked, or the supervisor for a reason"));
    TRY(holds(record.denial == 0 || record.why == abi::WhySupervisor::denied,
              "42: a code of denial comes from a keeper that denied"));
    return holds(record.orphaned || thread.cap(TcbSlot::fault_handler).is(CapType::cnode),
                 "42: the answer to a keeper fault maps only as long as the thread has its keeper table");
}

/// What SYSRET, IRETQ and user code leave in the flags; what the kernel writes is less.
bool is_legal_flags(Word flags) {
    constexpr Word always = x86::rflags::interrupt | bit(1);
    constexpr Word virtual_mode = bit(17) | bit(19) | bit(20), reserved = bit(3) | bit(5) | bit(15) | ~ones(22);
    constexpr Word never = x86::rflags::io_privilege | virtual_mode | reserved;
    return (flags & (always | never)) == always;
}

/// XRSTOR and FXRSTOR accept it (SDM Vol. 1, "XSAVE Header", "MXCSR Control and Status Register").
bool is_legal_fpu_state(const Tcb& thread) {
    const auto word_at = [&](unsigned offset) {
        Word word;
        __builtin_memcpy(&word, &thread.fpu[offset], sizeof word);
        return word;
    };
    constexpr unsigned mxcsr = 24, header = 512;
    const Word components = x86::xcr0::x87 | x86::xcr0::sse | (kernel_state.features.avx ? x86::xcr0::avx : 0);
    Word rest = word_at(header) & ~components;
    for (unsigned offset = header + 8; offset < header + 64; offset += 8)
        rest |= word_at(offset);
    return (word_at(mxcsr) & 0xffff'0000) == 0 && rest == 0;
}

/// What a thread keeps of its own capabilities in handier form says the same.
Sound check_shortcuts(const Tcb& thread) {
    TRY(holds(thread.cspace == QuickCSpace(thread.cap(TcbSlot::cspace)),
              "40: what a thread knows of its CSpace is what its capability says"));
    const Capability& frame = thread.cap(TcbSlot::ipc_buffer);
    if (!frame.is(CapType::frame))
        return holds(!thread.buffer, "40: a thread without a frame for it has no IPC buffer");
    TRY(holds(!frame.is_device_frame(), "4: an IPC buffer is no device memory"));
    const Word offset = physical(thread.buffer) - frame.object();
    return holds(offset < bit(frame_bits(frame.frame_size())) && is_aligned(offset, bit(abi::ipc_buffer_bits)),
                 "40: an IPC buffer lies in its frame");
}

Sound check_own_slots(const Tcb& thread) {
    const auto holds_type = [&](TcbSlot which, CapType type) {
        const CapType there = thread.cap(which).type();
        return there == CapType::null || is_zombie(there) || there == type;
    };
    return holds(holds_type(TcbSlot::cspace, CapType::cnode) && holds_type(TcbSlot::vspace, CapType::pml4) &&
                     (holds_type(TcbSlot::fault_handler, CapType::endpoint) ||
                      holds_type(TcbSlot::fault_handler, CapType::cnode)) &&
                     holds_type(TcbSlot::timeout_handler, CapType::endpoint) &&
                     holds_type(TcbSlot::ipc_buffer, CapType::frame),
                 "7: a TCB's slots hold what they are for");
}

} // namespace

Sound check_saved_registers(const Context& context) {
    TRY(holds(VirtAddr(context.rip).is_canonical() && VirtAddr(context.fs_base).is_canonical() &&
                  VirtAddr(context.gs_base).is_canonical(),
              "29: saved addresses are canonical"));
    TRY(holds(is_legal_flags(context.rflags), "29: saved flags are what user code may have"));
    TRY(holds(context.cs == user_code_selector && context.ss == user_data_selector, "29: threads run in ring 3"));
    return holds(context.origin <= origin_written, "29: a thread entered the kernel in a known way");
}

Sound check_thread(Tcb& thread, Census& census) {
    census.has_current |= &thread == cpu.current;
    census.has_loaded |= &thread == cpu.loaded;
    TRY(check_slots(thread.slots.data(), tcb_slot_count, Place::thread, census));
    TRY(check_own_slots(thread));
    TRY(check_shortcuts(thread));
    TRY(check_ends(thread, census));
    TRY(check_state(thread, census));
    TRY(check_fault(thread));
    TRY(check_keeper_fault(thread));
    TRY(holds(is_legal_fpu_state(thread), "29: saved FPU state can be loaded"));
    return check_saved_registers(thread.context);
}

} // namespace kernel
