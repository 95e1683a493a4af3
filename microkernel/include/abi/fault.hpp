// SPDX-License-Identifier: BSD-2-Clause
// Fault messages: the label, and which message register says what.
#pragma once

#include <abi/types.hpp>

namespace abi {

enum class Fault : Word {
    none = 0,
    cap_fault = 1,
    unknown_syscall = 2,
    user_exception = 3,
    timeout = 5,
    vm_fault = 6,
    keeper_fault = 64, ///< through a keeper table (the paging extension)
};

/// CapFault: IP of the SYSCALL, the capability pointer, whether receiving, then a lookup failure.
namespace cap_fault {
inline constexpr unsigned ip = 0, address = 1, in_receive_phase = 2, lookup_failure = 3, bits_left = 4, bits_found = 5,
                          guard_found = 5, guard_size = 6, length = 7;
}

/// UnknownSyscall: rax rbx rcx rdx rsi rdi rbp r8-r15, IP of the SYSCALL, rsp, rflags, the number.
namespace unknown_syscall {
inline constexpr unsigned rax = 0, rbx = 1, rcx = 2, rdx = 3, rsi = 4, rdi = 5, rbp = 6, r8 = 7, fault_ip = 15,
                          rsp = 16, rflags = 17, number = 18, length = 19;
/// Words of the reply that are written back to the thread's registers.
inline constexpr unsigned reply_length = 18;
} // namespace unknown_syscall

/// UserException: IP, rsp, rflags, vector, error code. The reply writes back the first three.
namespace user_exception {
inline constexpr unsigned ip = 0, rsp = 1, rflags = 2, vector = 3, error_code = 4, length = 5, reply_length = 3;
}

/// Timeout: badge of the scheduling context, consumed microseconds. The reply writes 19 registers.
namespace timeout_fault {
inline constexpr unsigned badge = 0, consumed = 1, length = 2, reply_length = 19;
}

/// VMFault: IP, address, 1 for an instruction fetch, the x86 page-fault error code (bits 0-4).
namespace vm_fault {
inline constexpr unsigned ip = 0, address = 1, instruction_fetch = 2, error_code = 3, length = 4;
}

/// Order of the registers in TCB.ReadRegisters and TCB.WriteRegisters.
enum class UserRegister : unsigned {
    rip,
    rsp,
    rflags,
    rax,
    rbx,
    rcx,
    rdx,
    rsi,
    rdi,
    rbp,
    r8,
    r9,
    r10,
    r11,
    r12,
    r13,
    r14,
    r15,
    fs_base,
    gs_base,
};
inline constexpr unsigned user_register_count = 20;
/// CopyRegisters: the first 18 are the frame registers, the last two the integer registers.
inline constexpr unsigned frame_register_count = 18;

} // namespace abi
