// SPDX-License-Identifier: BSD-2-Clause
// How threads, devices and time enter the kernel of the simulated machine.
#include <support/entry_stub.hpp>
#include <support/fake_machine.hpp>

#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <check/invariants.hpp>
#include <ipc/message.hpp>
#include <lifetime/preemption.hpp>
#include <sched/scheduler.hpp>
#include <syscall/syscall.hpp>

#include <algorithm>

namespace test {

using x86::simulated;

template <class Entry>
void FakeMachine::enter_kernel(Entry&& entry) {
    try {
        const Context* resumed = entry();
        if (cpu.unsettled)
            FAIL("the kernel leaves something undone");
        if (!cpu.current || resumed != &cpu.current->context || cpu.current->state != ThreadState::runnable)
            FAIL("the kernel resumes a thread that is not the running one");
        if (x86::entry_area.tss.rsp0 != reinterpret_cast<Word>(resumed + 1))
            FAIL("the next entry would save its registers in another thread");
        if (simulated.cr3 != (loaded_cr3(true).raw() & ~x86::Cr3::no_flush))
            FAIL("the CPU uses other tables than the kernel believes");
        if (simulated.fs_base != resumed->fs_base && cpu.loaded != cpu.current)
            FAIL("the segment bases are another thread's");
    } catch (const Idle&) {
        if (cpu.current)
            FAIL("the kernel idles while a thread could run");
    }
    check_invariants();
}

void FakeMachine::check_invariants() {
    if (const char* broken = broken_invariant(Capability::cnode(root_cnode, root_radix)))
        FAIL("no longer true: " << broken);
}

void FakeMachine::put_message(Tcb& thread, Word label, const Words& words, const Words& caps) {
    abi::IpcBuffer* const buffer = thread.buffer;
    for (unsigned i = 0; i < words.size(); i++) {
        if (i < abi::register_message_words)
            message_register(thread.context, i) = words[i];
        else if (buffer)
            buffer->message[i] = words[i];
    }
    for (unsigned i = 0; i < caps.size() && buffer; i++)
        buffer->caps_or_badges[i] = caps[i];
    thread.context.rsi =
        abi::MessageInfo(label, static_cast<unsigned>(words.size()), static_cast<unsigned>(caps.size())).raw();
}

CallResult FakeMachine::enter_again(Tcb& thread) {
    if (cpu.current != &thread)
        FAIL("only the running thread can make a system call");
    Context& context = thread.context;
    context.rip = syscall_ip + 2;
    context.rcx = context.rip;
    context.r11 = context.rflags;
    context.cs = user_code_selector;
    context.ss = user_data_selector;
    context.origin = origin_syscall;
    context.error_code = 0;
    enter_kernel([&] { return syscall_stub(context); });
    return answer_of(thread);
}

CallResult FakeMachine::enter(Tcb& thread, Syscall number, Word rdi) {
    thread.context.rdx = static_cast<Word>(number);
    thread.context.rdi = rdi;
    return enter_again(thread);
}

CallResult FakeMachine::answer_of(Tcb& thread) {
    const abi::MessageInfo info = message_info(thread);
    CallResult answer{thread.state == ThreadState::runnable && thread.context.rip == syscall_ip + 2,
                      info.label(),
                      thread.context.rdi,
                      info.length(),
                      info.extra_caps(),
                      info.caps_unwrapped(),
                      {}};
    const abi::IpcBuffer* const buffer = thread.buffer;
    for (unsigned i = 0; i < answer.length; i++) {
        if (i < abi::register_message_words)
            answer.words.push_back(message_register(thread.context, i));
        else if (buffer)
            answer.words.push_back(buffer->message[i]);
    }
    return answer;
}

CallResult FakeMachine::call(Tcb& thread, Word pointer, Word label, const Words& words, const Words& caps) {
    put_message(thread, label, words, caps);
    CallResult answer = enter(thread, Syscall::call, pointer);
    for (unsigned entries = 0; !answer.completed && cpu.current == &thread && waits(thread); entries++) {
        if (entries == 100'000)
            FAIL("method " << label << " of a capability of type " << static_cast<int>(cap(pointer).type())
                           << " makes no progress");
        answer = enter_again(thread);
    }
    return answer;
}

CallResult FakeMachine::send(Tcb& thread, Word pointer, Word label, const Words& words, const Words& caps,
                             Syscall number) {
    put_message(thread, label, words, caps);
    return enter(thread, number, pointer);
}

CallResult FakeMachine::receive(Tcb& thread, Word pointer, Word reply, Syscall number) {
    thread.context.r12 = reply;
    return enter(thread, number, pointer);
}

CallResult FakeMachine::reply_receive(Tcb& thread, Word pointer, Word reply, Word label, const Words& words) {
    put_message(thread, label, words);
    return receive(thread, pointer, reply, Syscall::reply_recv);
}

void FakeMachine::exception(Word vector, Word rip, Word error_code, Word address) {
    Context& context = cpu.current->context;
    context.rip = rip;
    context.origin = vector;
    context.error_code = error_code;
    simulated.cr2 = address;
    enter_kernel([&] { return exception_entry(&context); });
}

void FakeMachine::interrupt(Word vector) {
    if (cpu.current) {
        Context& context = cpu.current->context;
        context.origin = vector;
        return enter_kernel([&] { return interrupt_entry(&context); });
    }
    kernel_interrupt(vector);
    update_time();
    enter_kernel([] { return leave_kernel(); });
}

void FakeMachine::fire_timer() {
    const Word deadline = timer();
    if (deadline == ~Word{0})
        return;
    simulated.tsc = std::max(simulated.tsc, deadline);
    simulated.msrs[0x6e0] = 0; // SDM Vol. 3A, "TSC-Deadline Mode": it disarms itself
    interrupt(x86::vector::timer);
}

bool FakeMachine::runs_within_us(const Tcb& thread, Word microseconds) {
    const Word end = now() + us(microseconds);
    while (!is_running(thread) && timer() <= end)
        fire_timer();
    return is_running(thread);
}

void FakeMachine::run_for_us(Word microseconds) {
    const Word end = now() + us(microseconds);
    while (timer() < end)
        fire_timer();
    simulated.tsc = end;
}

void FakeMachine::interrupt_at_look(unsigned n) {
    simulated.on_interrupt_window = [left = n]() mutable {
        if (left > 0 && --left == 0)
            simulated.pending_interrupts.push_back(x86::vector::timer);
    };
}

void FakeMachine::no_interrupts() { simulated.on_interrupt_window = nullptr; }

void FakeMachine::look_after_steps(unsigned steps) {
    constexpr unsigned steps_between_looks = 24;
    const auto hook = std::exchange(simulated.on_interrupt_window, nullptr);
    must_preempt();
    for (unsigned i = steps; i < steps_between_looks; i++)
        preemption_point();
    simulated.on_interrupt_window = hook;
}

} // namespace test
