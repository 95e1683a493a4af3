// SPDX-License-Identifier: BSD-2-Clause
// What trap/entry.S has on the stack when an exception hits the kernel itself.
#pragma once

#include <mem/address.hpp>

#include <cstddef>

namespace kernel::x86 {

struct KernelFrame {
    Word rax, rbx, rcx, rdx, rsi, rdi, rbp;
    Word r8, r9, r10, r11, r12, r13, r14, r15;
    Word vector;
    Word error_code;
    // From here on as the CPU pushes it.
    Word rip;
    Word cs;
    Word rflags;
    Word rsp;
    Word ss;
};

static_assert(offsetof(KernelFrame, vector) == 120 && offsetof(KernelFrame, rip) == 136);
static_assert(sizeof(KernelFrame) == 176);

} // namespace kernel::x86
