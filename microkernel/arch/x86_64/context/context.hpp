// SPDX-License-Identifier: BSD-2-Clause
// The user registers of a thread, as the entry stubs save them in the first bytes of its TCB.
#pragma once

#include <mem/address.hpp>

#include <cstddef>

namespace kernel {

/// How the thread entered the kernel, which decides how it leaves: SYSRET loses RCX and R11, IRETQ restores all.
/// Values below 256 are the vector of the exception or interrupt.
inline constexpr Word origin_syscall = 256;
/// The registers were written by someone else: everything must reach user mode.
inline constexpr Word origin_written = 257;

/// Selectors (arch/x86_64/cpu/descriptor.hpp proves that its table agrees). SYSRET wants data, then code.
inline constexpr Word user_data_selector = 0x1b;
inline constexpr Word user_code_selector = 0x23;

struct Context {
    Word fs_base;
    Word gs_base;
    Word rax, rbx, rcx, rdx, rsi, rdi, rbp;
    Word r8, r9, r10, r11, r12, r13, r14, r15;
    Word origin;
    Word error_code;
    // From here on as the CPU pushes it on an exception (SDM Vol. 3A, "Stack Switching in IA-32e Mode").
    Word rip;
    Word cs;
    Word rflags;
    Word rsp;
    Word ss;
};

static_assert(sizeof(Context) == 192, "the CPU aligns the stack to 16 before it pushes");
// The entry stubs count on these.
static_assert(offsetof(Context, rax) == 16 && offsetof(Context, rdi) == 56 && offsetof(Context, r8) == 72);
static_assert(offsetof(Context, r15) == 128 && offsetof(Context, origin) == 136 && offsetof(Context, rip) == 152);
static_assert(offsetof(Context, rflags) == 168 && offsetof(Context, rsp) == 176 && offsetof(Context, ss) == 184);

/// Bits of RFLAGS that user code may set; the others are forced (bit 1 and IF on, bits 3, 5 and TF off).
constexpr Word sanitised_rflags(Word raw) { return (raw & 0xcd5) | 0x202; }
/// A non-canonical instruction pointer or segment base becomes 0, so that no exit path can fault on it.
constexpr Word sanitised_address(Word raw) { return VirtAddr(raw).is_canonical() ? raw : 0; }
/// An instruction pointer must stay canonical when the SYSCALL that its thread waits in completes: two bytes further on.
constexpr Word sanitised_ip(Word raw) { return VirtAddr(raw + 2).is_canonical() ? sanitised_address(raw) : 0; }

static_assert(sanitised_rflags(0xfff) == 0xed7);
static_assert(sanitised_ip(0x7fff'ffff'fffd) == 0x7fff'ffff'fffd && sanitised_ip(0x7fff'ffff'fffe) == 0);

} // namespace kernel
