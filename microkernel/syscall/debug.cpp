// SPDX-License-Identifier: BSD-2-Clause
#include <check/deliberate_bug.hpp>
#include <ipc/message.hpp>
#include <lib/assert.hpp>
#include <lib/count.hpp>
#include <lib/log.hpp>
#include <syscall/debug.hpp>

namespace kernel {
namespace {

/// What the debug-exit device is told by DebugHalt: QEMU ends with status 1.
constexpr uint8_t halt_exit_code = 0;

Word identify(const Tcb& thread, Word pointer) {
    const auto found = thread.find_slot(pointer);
    return found ? static_cast<Word>((*found)->cap.type()) : 0;
}

/// Only runnable threads are in the lists.
void dump_thread(const Tcb& thread) {
    log("  {} priority {} runnable ip {x}", thread.name.data(), thread.priority, thread.context.rip);
}

/// The running thread and those that could run instead.
void dump_scheduler() {
    log("scheduler: running and ready threads");
    if (cpu.current)
        dump_thread(*cpu.current);
    for (unsigned priority = priority_count; priority-- > 0;) {
        for (const Tcb* thread = kernel_state.ready.first(static_cast<uint8_t>(priority)); thread;
             thread = thread->queue.next)
            dump_thread(*thread);
    }
}

/// The name is a C string from MR0 of the IPC buffer on.
void name_thread(Tcb& thread) {
    const auto found = thread.find_slot(thread.context.rdi);
    if (!found || !(*found)->cap.is(CapType::tcb) || !thread.buffer)
        return;
    Tcb& named = *window<Tcb>((*found)->cap.object());
    const auto* text = reinterpret_cast<const char*>(thread.buffer->message);
    unsigned length = 0;
    while (length < thread_name_size - 1 && text[length] >= ' ' && text[length] <= '~')
        ++length;
    named.name = {};
    std::copy_n(text, length, named.name.begin());
}

/// Counting kernels answer with the four event counts in MR0-MR3, debug kernels check all invariants and answer with the
/// longest stretch in which interrupts were off, in MR0.
void snapshot(Tcb& thread) {
    if (config::debug)
        message_register(thread.context, 0) = look_at_everything();
    for (unsigned i = 0; i < event_count && config::counting; i++)
        message_register(thread.context, i) = kernel_state.events[i];
}

/// For performance counters.
bool access_msr(Tcb& thread, abi::Syscall number) {
    const auto msr = static_cast<uint32_t>(thread.context.rdi);
    Word& value = message_register(thread.context, 0);
    if (number == abi::Syscall::write_msr) {
        x86::wrmsr_if_there(msr, value);
        return true;
    }
    value = x86::rdmsr_if_there(msr);
    thread.context.rsi = abi::MessageInfo(0, 1).raw();
    return true;
}

/// What only debug kernels have.
bool look_around(Tcb& thread, abi::Syscall number) {
    switch (number) {
    case abi::Syscall::debug_halt: log("KERNEL: halted on request"); leave_machine(halt_exit_code);
    case abi::Syscall::debug_dump_scheduler: dump_scheduler(); break;
    case abi::Syscall::debug_cap_identify: thread.context.rdi = identify(thread, thread.context.rdi); break;
    case abi::Syscall::debug_name_thread: name_thread(thread); break;
    case abi::Syscall::debug_provoke: provoke(thread); break;
    default: return false;
    }
    begin_stretch(); // printing takes long, and is nobody's business
    return true;
}

} // namespace

bool debug_syscall(Tcb& thread, abi::Syscall number) {
    switch (number) {
    case abi::Syscall::debug_put_char:
        log_text(Text(reinterpret_cast<const char*>(&thread.context.rdi), 1)); // little-endian: its low byte
        if (config::debug)
            begin_stretch();
        return true;
    case abi::Syscall::benchmark_null: return config::counting;
    case abi::Syscall::debug_snapshot: snapshot(thread); return !config::release;
    case abi::Syscall::read_msr:
    case abi::Syscall::write_msr: return kernel_state.msr_calls && access_msr(thread, number);
    default: return config::debug && look_around(thread, number);
    }
}

} // namespace kernel
