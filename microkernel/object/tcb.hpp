// SPDX-License-Identifier: BSD-2-Clause
// A thread: its registers, the capabilities that make up its world, and what it is waiting for.
#pragma once

#include <abi/fault.hpp>
#include <abi/message.hpp>
#include <abi/paging.hpp>
#include <arch/x86_64/context/context.hpp>
#include <arch/x86_64/context/fpu_state.hpp>
#include <cap/lookup.hpp>
#include <object/wait_queue.hpp>
#include <sched/time.hpp>

#include <array>

namespace kernel {

struct Tcb;
struct SchedContext;
struct Notification;
class Endpoint;
class Reply;

enum class ThreadState : uint8_t {
    stopped,
    runnable,       ///< runs, or would if it had budget
    sending,        ///< queued on an endpoint, also with a call or a fault
    receiving,      ///< queued on an endpoint
    awaiting_reply, ///< its message was taken
    waiting,        ///< queued on a notification
};

/// Places for capabilities inside a TCB; ordinary children of the ones given.
enum class TcbSlot : uint8_t { cspace, vspace, fault_handler, timeout_handler, ipc_buffer };
inline constexpr unsigned tcb_slot_count = 5;

/// Neighbours in a ready queue or a wait queue: a thread is never in two.
struct QueueLinks {
    Tcb* previous = nullptr;
    Tcb* next = nullptr;
    Tcb* previous_run = nullptr; ///< these three only in the first thread of a run (object/wait_queue.hpp)
    Tcb* next_run = nullptr;
    Tcb* last_of_run = nullptr;
};

/// What a thread stopped for and its handler has not answered.
struct FaultRecord {
    abi::Fault type = abi::Fault::none;
    Word subject = 0; ///< address, capability pointer, vector, system-call number or badge
    Word detail = 0;  ///< error code, or whether receiving
    LookupError lookup{};
};

/// A page fault that is told through a keeper table: beside its FaultRecord, and beyond it, to see that one repeats.
struct KeeperRecord {
    Word ip = 0;       ///< of the last one
    Word page = 0;     ///< of the last one: its address, the low 12 bits all ones
    Word cookie = 0;   ///< to show, once it was forwarded
    uint16_t repeats = 0;
    uint8_t keeper = 0; ///< whose answer it is; 0 = the supervisor
    abi::WhySupervisor why = abi::WhySupervisor::is_not;
    uint8_t denial = 0;
    uint8_t rights = 0; ///< that who forwarded it left (abi::PageRights)
    bool forwarded = false;
    bool went_on = false; ///< the last one ended because the tables permitted it when it was to be told
    bool orphaned = false; ///< no answer may map: the thread's address space or keeper table has changed
};

/// How a queued thread sends.
struct SendTerms {
    Word badge = 0;
    bool is_call = false; ///< also a fault: it will await an answer
    bool can_grant = false;
    bool can_call = false; ///< an answer may come
};

inline constexpr unsigned thread_name_size = 32;
/// With AVX a TCB is larger than abi::tcb_bits says.
inline constexpr unsigned tcb_bits_with_avx = abi::tcb_bits + 1;

struct Tcb {
    Context context; ///< first, so that the entry stubs find it
    std::array<Slot, tcb_slot_count> slots;
    QuickCSpace cspace;     ///< what `slots` say of the CSpace
    abi::IpcBuffer* buffer; ///< what `slots` say of the IPC buffer, through the window; null = none

    ThreadState state;
    uint8_t priority;
    uint8_t mcp; ///< maximum controlled priority
    bool fpu_disabled;
    bool in_ready_queue;
    bool yield_wants_answer; ///< its YieldTo was a Call

    QueueLinks queue;
    SendTerms send;
    Endpoint* endpoint;         ///< states sending and receiving
    Notification* waits_on;     ///< state waiting
    Reply* reply;               ///< offered (receiving) or waited on (awaiting_reply)
    FaultRecord fault;
    KeeperRecord keeper;
    Ticks stopped_at; ///< when it last began to wait, or stopped
    SchedContext* sched_context;
    SchedContext* yielded_to;   ///< context whose thread this one yielded to and whose consumption it will report
    Notification* bound_notification;
    std::array<char, thread_name_size> name;

    alignas(64) std::array<uint8_t, x86::fpu_state_size> fpu; ///< last, so that AVX state can follow

    Slot& slot(TcbSlot which) { return slots[static_cast<unsigned>(which)]; }
    const Slot& slot(TcbSlot which) const { return slots[static_cast<unsigned>(which)]; }
    Capability& cap(TcbSlot which) { return slot(which).cap; }
    const Capability& cap(TcbSlot which) const { return slot(which).cap; }
    bool is_blocked() const { return state > ThreadState::runnable; }

    /// The slot that `pointer` leads to; errors of lookup as they are told.
    Result<Slot*, LookupError> find_slot(Word pointer) const {
        if (cspace.has(pointer)) [[likely]]
            return &cspace.slot(pointer);
        const auto resolved = resolve(cap(TcbSlot::cspace), pointer, abi::word_bits);
        return resolved ? Result<Slot*, LookupError>(resolved->slot) : Failure{resolved.error()};
    }

    /// The thread in whose TCB `slot` is; it must be in one.
    static Tcb& of(Slot& slot) {
        return *reinterpret_cast<Tcb*>(align_down(reinterpret_cast<Word>(&slot), Word{1} << abi::tcb_bits));
    }
    static Tcb& of(Context& context) { return reinterpret_cast<Tcb&>(context); }
};

static_assert(offsetof(Tcb, context) == 0 && sizeof(Tcb) <= 1u << abi::tcb_bits);
static_assert(offsetof(Tcb, fpu) + x86::fpu_state_size + x86::avx_state_size <= 1u << tcb_bits_with_avx);
static_assert(offsetof(Tcb, slots) % sizeof(Slot) == 0);

/// `thread` is a queue of its own.
inline void queue_alone(Tcb& thread) { thread.queue = {.last_of_run = &thread}; }

/// Removes `first`, a first thread; returns the new one.
[[nodiscard]] inline Tcb* queue_pop(Tcb& first) { return first.queue.next ? queue_remove(&first, first) : nullptr; }

/// Length of the SYSCALL instruction: a thread's IP is moved behind it only when its call completes.
inline constexpr Word syscall_instruction_size = 2;

/// The call that `thread` is in has been answered: it goes on behind its SYSCALL.
inline void complete_syscall(Tcb& thread) { thread.context.rip += syscall_instruction_size; }

} // namespace kernel
