// SPDX-License-Identifier: BSD-2-Clause
// The misdeeds themselves. Inline assembly outside libsys, because that is the point: what a program must not do.
#include <servers/crasher/faults.hpp>
#include <stdint.h>
#include <sys/proc/exit.hpp>
#include <sys/raw/syscall.hpp>

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

/// A page of its own, which is there once it was written to.
alignas(4096) constinit volatile uint8_t page[4096] = {};

uintptr_t touched_page() {
    page[0] = 1;
    return reinterpret_cast<uintptr_t>(page);
}

/// The kernel commits `bug` at `address`, if it is one that does so.
void provoke(std::string_view bug, uintptr_t address) {
    sys::raw::Registers registers{.target = address};
    char* const name = reinterpret_cast<char*>(sys::raw::ipc_buffer()->message);
    name[bug.copy(name, bug.size())] = 0;
    sys::raw::enter(abi::Syscall::debug_provoke, registers);
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
    case Misdeed::reserved_bit: {
        const uintptr_t address = touched_page();
        provoke("spoil", address);
        return read(address);
    }
    case Misdeed::kernel_null: return provoke("null", 0);
    case Misdeed::kernel_execute: return provoke("user", reinterpret_cast<uintptr_t>(&main));
    case Misdeed::kernel_touch: return provoke("touch", touched_page());
    case Misdeed::kernel_reserved: return provoke("reserved", touched_page());
    case Misdeed::kernel_stack: return provoke("stack", 0);
    case Misdeed::kernel_gate: return provoke("gate", 0);
    }
}

} // namespace crasher
