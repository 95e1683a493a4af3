// SPDX-License-Identifier: BSD-2-Clause
// Reading the clock right before and right after one kernel entry, so that nothing else is measured.
#pragma once

#include <sys/raw/syscall.hpp>

namespace bench {

using abi::Word;

/// Time-stamp counter before the instruction and after the return to ring 3.
struct Stamp {
    Word before = 0;
    Word after = 0;
};

#define BENCH_READ_CLOCK(to) "rdtsc\n shlq $32, %%rdx\n orq %%rdx, %%rax\n movq %%rax, " to "\n"

/// One system call, stamped. `message` goes in and comes out; `second` is R12.
[[gnu::noinline]] inline void stamped_syscall(abi::Syscall number, sys::raw::Registers& message, Word second,
                                              Stamp& stamp) {
    register Word mr0 asm("r10") = message.mr0;
    register Word mr1 asm("r8") = message.mr1;
    register Word mr2 asm("r9") = message.mr2;
    register Word mr3 asm("r15") = message.mr3;
    register Word reply asm("r12") = second;
    register Word which asm("r14") = static_cast<Word>(number);
    asm volatile(BENCH_READ_CLOCK("(%%rbx)") "movq %%r14, %%rdx\n syscall\n" BENCH_READ_CLOCK("8(%%rbx)")
                 : "+D"(message.target), "+S"(message.info), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                 : "b"(&stamp), "r"(reply), "r"(which)
                 : "rax", "rdx", "rcx", "r11", "memory");
    message.mr0 = mr0;
    message.mr1 = mr1;
    message.mr2 = mr2;
    message.mr3 = mr3;
}

/// One byte written to `address`, stamped.
[[gnu::noinline]] inline void stamped_touch(volatile uint8_t* address, Stamp& stamp) {
    asm volatile(BENCH_READ_CLOCK("(%%rbx)") "movb $1, (%0)\n" BENCH_READ_CLOCK("8(%%rbx)")
                 :
                 : "r"(address), "b"(&stamp)
                 : "rax", "rdx", "memory");
}

/// An instruction that is no instruction, stamped. Whoever handles the fault steps over it.
[[gnu::noinline]] inline void stamped_trap(Stamp& stamp) {
    asm volatile(BENCH_READ_CLOCK("(%%rbx)") "ud2\n" BENCH_READ_CLOCK("8(%%rbx)")
                 :
                 : "b"(&stamp)
                 : "rax", "rdx", "memory");
}

/// Notes the clock: for a program that waits to be interrupted.
inline void stamp_now(Stamp& stamp) {
    asm volatile(BENCH_READ_CLOCK("(%%rbx)") : : "b"(&stamp) : "rax", "rdx", "memory");
}

/// Nothing, stamped: what reading the clock costs around a system call, and around one other instruction.
[[gnu::noinline]] inline Word clock_cost(bool with_number) {
    Stamp stamp;
    if (with_number)
        asm volatile(BENCH_READ_CLOCK("(%%rbx)") "movq %%r14, %%rdx\n" BENCH_READ_CLOCK("8(%%rbx)")
                     :
                     : "b"(&stamp)
                     : "rax", "rdx", "memory");
    else
        asm volatile(BENCH_READ_CLOCK("(%%rbx)") BENCH_READ_CLOCK("8(%%rbx)") : : "b"(&stamp) : "rax", "rdx", "memory");
    return stamp.after - stamp.before;
}

} // namespace bench
