// SPDX-License-Identifier: BSD-2-Clause
// A thread's registers by number, as ReadRegisters, WriteRegisters and CopyRegisters count them.
#pragma once

#include <object/tcb.hpp>

#include <iterator>

namespace kernel {

using Register = Word Context::*;
inline constexpr Register user_registers[] = {
    &Context::rip, &Context::rsp, &Context::rflags, &Context::rax, &Context::rbx,     &Context::rcx,     &Context::rdx,
    &Context::rsi, &Context::rdi, &Context::rbp,    &Context::r8,  &Context::r9,      &Context::r10,     &Context::r11,
    &Context::r12, &Context::r13, &Context::r14,    &Context::r15, &Context::fs_base, &Context::gs_base,
};
static_assert(std::size(user_registers) == abi::user_register_count);

/// The value is made safe, not refused.
void write_register(Tcb& thread, Register which, Word value);
/// Before writes: the loaded thread's live registers come into its TCB; all are loaded anew later.
void begin_register_write(Tcb& thread);

} // namespace kernel
