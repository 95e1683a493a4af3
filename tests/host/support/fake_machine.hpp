// SPDX-License-Identifier: BSD-2-Clause
// A machine for the kernel's core on the host: RAM, a CPU and its timer (tests/host/shim), and a world of threads
// whose system calls and exceptions a test delivers as the entry stubs would.
#pragma once

#include <support/catch.hpp>

#include <abi/fault.hpp>
#include <abi/invocation.hpp>
#include <abi/message.hpp>
#include <abi/object.hpp>
#include <abi/syscall.hpp>
#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/interrupt/vectors.hpp>
#include <arch/x86_64/paging/entry.hpp>
#include <cap/derivation.hpp>
#include <cap/lookup.hpp>
#include <mem/direct_map.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/reply.hpp>
#include <object/sched_context.hpp>
#include <space/address_space.hpp>
#include <system.hpp>

#include <initializer_list>
#include <vector>

namespace test {

using namespace kernel;
using abi::Error;
using abi::Fault;
using abi::ObjectType;
using abi::Rights;
using abi::Syscall;
using Method = abi::Invocation;
using Words = std::vector<Word>;

/// Fixed capabilities of every world: all in one CNode of 4096 slots that resolves exactly 64 bits.
namespace at {
inline constexpr Word tcb = 1, cnode = 2, vspace = 3, irq_control = 4, asid_control = 5, asid_pool = 6,
                      io_port_control = 7, ipc_buffer = 10, domain_set = 11, sched_context = 14, sched_control = 16,
                      untyped = 17, device = 18, small_untyped = 19, first_free = 32;
}
inline constexpr PhysAddr root_cnode{0x12'0000};
inline constexpr unsigned root_radix = 12;
inline constexpr unsigned untyped_bits = 22;
inline constexpr unsigned small_untyped_bits = 12;
inline constexpr Word device_base = Word{4} << 30;
inline constexpr Word tsc_mhz = 1000;
/// Where every thread has its SYSCALL instruction.
inline constexpr Word syscall_ip = 0x40'1000;
/// TSC ticks of a time in microseconds.
constexpr Word us(Word microseconds) { return microseconds * tsc_mhz; }
/// What a system call looks like from user space after it has returned.
struct CallResult {
    bool completed = false; ///< false: the thread waits, has faulted or stopped, or will execute it again
    Word label = 0;
    Word badge = 0;
    unsigned length = 0, extra_caps = 0, unwrapped = 0;
    Words words;

    Error error() const { return static_cast<Error>(label); }
    bool ok() const { return completed && label == 0; }
    bool operator==(Error error) const { return completed && label == static_cast<Word>(error); }
    /// Failed with `error` and exactly these details.
    bool is(Error error, const Words& details) const { return *this == error && words == details; }
};

class FakeMachine {
public:
    explicit FakeMachine(const x86::CpuFeatures& features = {.fsgsbase = true, .no_execute = true, .huge_pages = true});
    ~FakeMachine();
    FakeMachine(const FakeMachine&) = delete;

    /// The root thread: priority and MCP 255, in a space of its own, running.
    Tcb& root() { return thread(at::tcb); }

    // --- slots and objects of the root CNode ---
    Slot& slot(Word index) { return window<Slot>(root_cnode)[index]; }
    const Capability& cap(Word index) { return slot(index).cap; }
    /// The next slot that no test has used.
    Word free_slot() { return next_slot_++; }
    template <class T>
    T& object(Word index) {
        return *window<T>(cap(index).object());
    }
    Tcb& thread(Word index) { return object<Tcb>(index); }
    Endpoint& endpoint(Word index) { return object<Endpoint>(index); }
    Notification& notification(Word index) { return object<Notification>(index); }
    SchedContext& context(Word index) { return object<SchedContext>(index); }
    Reply& reply(Word index) { return object<Reply>(index); }
    /// Makes an object out of the world's untyped memory; returns the slot of its capability.
    Word make(ObjectType type, Word size_bits = 0);
    /// A copy with fewer rights and perhaps a badge, as Mint makes it.
    Word mint(Word source, Rights rights, Word badge = 0);

    // --- threads ---
    /// Shares the root's CSpace and space; IPC buffer, round-robin context of 5 ms, stopped. Returns the slot.
    Word make_thread(uint8_t priority = 255, bool with_context = true);
    /// A configured context; budget = period is round robin.
    Word make_context(Word budget_us = 5000, Word period_us = 5000, unsigned size_bits = 8, bool sporadic = false);
    abi::IpcBuffer& buffer(Tcb& thread);
    /// Makes a stopped thread runnable and, as if it had been preempted long ago, the running one; whatever others are
    /// ready above it.
    void run(Tcb& thread);
    bool is_running(const Tcb& thread) const { return cpu.current == &thread; }
    Tcb* running() const { return cpu.current; }

    // --- entering the kernel ---
    /// Sets the registers of a message that the running `thread` is about to send.
    void put_message(Tcb& thread, Word label, const Words& words, const Words& caps = {});
    /// One SYSCALL of the running `thread`; its other registers are as they are. Nothing is repeated.
    CallResult enter(Tcb& thread, Syscall number, Word rdi);
    /// What `thread` finds in its registers and IPC buffer now.
    CallResult answer_of(Tcb& thread);
    /// Call, repeated as long as it is preempted and the thread runs.
    CallResult call(Tcb& thread, Word pointer, Word label, const Words& words = {}, const Words& caps = {});
    CallResult invoke(Tcb& thread, Word pointer, Method method, const Words& words = {}, const Words& caps = {}) {
        return call(thread, pointer, static_cast<Word>(method), words, caps);
    }
    /// The root invokes.
    CallResult invoke(Word pointer, Method method, const Words& words = {}, const Words& caps = {}) {
        return invoke(root(), pointer, method, words, caps);
    }
    CallResult send(Tcb& thread, Word pointer, Word label, const Words& words = {}, const Words& caps = {},
                    Syscall number = Syscall::send);
    CallResult receive(Tcb& thread, Word pointer, Word reply = 0, Syscall number = Syscall::recv);
    CallResult reply_receive(Tcb& thread, Word pointer, Word reply, Word label, const Words& words = {});
    /// Whether the last system call of `thread` has not completed: its IP is that of its SYSCALL.
    bool waits(const Tcb& thread) const { return thread.context.rip == syscall_ip; }
    /// The running `thread` executes its SYSCALL once more, with its registers as they are.
    CallResult enter_again(Tcb& thread);
    /// An exception of the running thread at `rip`.
    void exception(Word vector, Word rip, Word error_code = 0, Word address = 0);
    /// An interrupt that arrives while a thread runs, or while the machine idles.
    void interrupt(Word vector);
    void device_interrupt(Word line) { interrupt(x86::vector::device_first + line); }

    // --- time ---
    Word now() const { return x86::simulated.tsc; }
    void advance_us(Word microseconds) { x86::simulated.tsc += us(microseconds); }
    /// When the timer goes off next; the end of time if it is not set.
    Word timer() const {
        const Word deadline = x86::simulated.msrs.at(0x6e0);
        return deadline == 0 ? ~Word{0} : deadline & ~Word{1};
    }
    /// Lets time pass up to the timer's deadline and delivers it, if it is set.
    void fire_timer();
    /// Lets time pass until `thread` runs; false if that takes longer.
    bool runs_within_us(const Tcb& thread, Word microseconds);
    /// Lets this much time pass, with all the timer interrupts in it.
    void run_for_us(Word microseconds);

    /// Interrupts arrive in the next `n`th look (1 = the very next) of a long operation.
    void interrupt_at_look(unsigned n);
    void no_interrupts();
    /// The kernel looks for interrupts after exactly `steps` steps (1..24) of a long operation.
    void look_after_steps(unsigned steps);

    /// After every kernel entry (if `checks_each_entry`); by hand after what a test does itself.
    void check_invariants();
    bool checks_each_entry = true;

    /// The tests' own walk of an address space: raw leaf entry, or 0; `level` 1 = 4 KiB page.
    Word leaf(PhysAddr root, Word address, unsigned* level = nullptr);
    PhysAddr root_space() { return cap(at::vspace).object(); }

private:
    void build_kernel_space();
    void build_root();
    /// The root's CSpace and space, and the frame in slot `frame` as IPC buffer.
    void give_spaces(Tcb& thread, Word frame, Word buffer_at);
    void make_world_slots();
    void prepare_devices();
    /// Runs one kernel entry and checks what must hold after each.
    template <class Entry>
    void enter_kernel(Entry&& entry);

    Word next_slot_ = at::first_free;
    bool outranked_ = false; ///< run() has put a thread before others that are ready above it
};

/// What the simulated I/O APIC holds (24 pins; the redirection entry of pin n begins with register 16 + 2n).
uint32_t ioapic_register(uint32_t number);

/// True if nothing of [start, start + bytes) is other than zero.
bool is_zero(const void* start, size_t bytes);

/// The slots of the CNode behind a capability.
inline Slot* slots_of(const Capability& cap) { return cnode_slots(cap); }

} // namespace test
