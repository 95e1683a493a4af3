// SPDX-License-Identifier: BSD-2-Clause
// The misdeeds themselves. Inline assembly outside libsys, because that is the point: what a program must not do.
#include <servers/crasher/faults.hpp>
#include <stdint.h>
#include <sys/proc/exit.hpp>

extern "C" int main(int, char**, char**);

namespace crasher {

namespace {

constexpr uintptr_t kernel_address = 0xffff'ffff'8010'0000; ///< where the kernel's code begins

void read(uintptr_t address) {
    uint8_t value;
    asm volatile("movb (%1), %0" : "=q"(value) : "r"(address) : "memory");
}

void overflow_stack() {
    // Page by page downwards, as a deep recursion does; the stack grows until its guard page is hit.
    asm volatile("1: subq $4096, %%rsp\n\t"
                 "movb $0, (%%rsp)\n\t"
                 "jmp 1b" ::
                     : "memory");
}

} // namespace

void commit(Misdeed misdeed) {
    switch (misdeed) {
    case Misdeed::null_read: return read(0);
    case Misdeed::kernel_read: return read(kernel_address);
    case Misdeed::code_write: asm volatile("movb $0x90, (%0)" ::"r"(&main) : "memory"); return;
    case Misdeed::privileged: asm volatile("hlt"); return;
    case Misdeed::undefined: asm volatile("ud2"); return;
    case Misdeed::divide: asm volatile("xorl %%edx, %%edx\n\tdivl %%edx" ::: "eax", "edx", "cc"); return;
    case Misdeed::stack_overflow: return overflow_stack();
    case Misdeed::exit_status: sys::exit(1);
    }
}

} // namespace crasher
