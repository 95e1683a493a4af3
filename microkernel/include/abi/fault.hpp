// SPDX-License-Identifier: BSD-2-Clause
// Fault messages: what the kernel sends to a thread's fault handler, and what the answer does.
//
// A fault is a message to the thread's fault handler (a Timeout: to its timeout handler), its label the number below,
// its badge that of the handler's capability; the thread waits for the answer. Without a handler it stops. An answer
// with another label than 0 leaves it stopped, its registers written all the same, unless said otherwise. Of the
// registers that an answer may write it writes as many as it is long, made safe as abi::UserRegister says; then the
// thread goes on at its IP. `words` are the message registers by the names in the namespaces below; 4 is kept for
// breakpoints. docs/reference/faults.md is generated from this file (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

enum class Fault : Word {
    /// None: no fault.
    none = 0,
    /// CapFault: a system call named a capability that cannot be looked up, or that it cannot receive on.
    /// words: ip: of the SYSCALL; address: the capability pointer; in_receive_phase: 1 if it was to be received on;
    ///   lookup_failure: an abi::LookupFailure, which says how many of the following words there are; bits_left: bits
    ///   of the pointer that were not resolved; bits_found or guard_found: what the CNode resolves, or its guard;
    ///   guard_size: bits of that guard
    /// reply: ignored, its label too; the system call is executed again
    cap_fault = 1,
    /// UnknownSyscall: a system call number that this kernel does not know. Serves programs of other systems.
    /// words: rax: register; rbx: register; rcx: register; rdx: register; rsi: register; rdi: register; rbp: register;
    ///   r8..r15: registers; fault_ip: of the SYSCALL itself; rsp: register; rflags: register; number: what RDX held
    /// reply: writes back the first 18 words; to step over the SYSCALL the handler adds 2 to fault_ip
    unknown_syscall = 2,
    /// UserException: a CPU exception other than a page fault.
    /// words: ip: of the instruction; rsp: register; rflags: register; vector: the exception; error_code: 0 where the
    ///   CPU gives none
    /// reply: writes ip, rsp and rflags
    user_exception = 3,
    /// Timeout: the budget of the thread's scheduling context is used up. Goes to the timeout handler.
    /// words: badge: of the scheduling context (SchedControl.ConfigureFlags); consumed: microseconds since somebody
    ///   asked
    /// reply: writes up to 19 registers: rip, rsp, rflags, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8..r15, fs_base
    timeout = 5,
    /// VMFault: a page fault.
    /// words: ip: of the instruction; address: what it tried to reach; instruction_fetch: 1 if it was an instruction
    ///   fetch (bit 4 of the error code); error_code: of the CPU, bits 0-4
    /// reply: ignored, its label too; the instruction is executed again
    vm_fault = 6,
    /// KeeperFault: a page fault of a thread whose fault handler is a keeper table; all words travel in registers. It goes
    /// to the endpoint in the slot of the keeper in force at the address, else to that in slot 0, the supervisor, which
    /// gets all other faults, too. It shows the tables as they are when it is delivered; if they permit the access by
    /// then, and the last fault at this IP and page did not end so, it is not told at all. It ends only by an answer:
    /// whatever else ends its wait has the instruction executed again.
    /// words: ip: of the instruction; address: what it tried to reach; info: abi::KeeperFaultInfo; cookie: of the entry
    ///   where the walk ended, or what a pager that forwarded the fault shows instead
    /// reply: ignored, its label too; the instruction is executed again. ReplyMapRecv answers with a mapping
    keeper_fault = 64,
};

/// An abi::LookupFailure from `lookup_failure` on. Words 5 and 6 mean what the failure says.
namespace cap_fault {
inline constexpr unsigned ip = 0, address = 1, in_receive_phase = 2, lookup_failure = 3, bits_left = 4, bits_found = 5,
                          guard_found = 5, guard_size = 6, length = 7;
}

namespace unknown_syscall {
inline constexpr unsigned rax = 0, rbx = 1, rcx = 2, rdx = 3, rsi = 4, rdi = 5, rbp = 6, r8 = 7, fault_ip = 15,
                          rsp = 16, rflags = 17, number = 18, length = 19;
/// Words of the reply that are written back to the thread's registers.
inline constexpr unsigned reply_length = 18;
} // namespace unknown_syscall

namespace user_exception {
inline constexpr unsigned ip = 0, rsp = 1, rflags = 2, vector = 3, error_code = 4, length = 5, reply_length = 3;
}

namespace timeout_fault {
inline constexpr unsigned badge = 0, consumed = 1, length = 2, reply_length = 19;
}

namespace vm_fault {
inline constexpr unsigned ip = 0, address = 1, instruction_fetch = 2, error_code = 3, length = 4;
}

namespace keeper_fault {
inline constexpr unsigned ip = 0, address = 1, info = 2, cookie = 3, length = 4;
}

/// The registers of a thread, in the order of TCB.ReadRegisters and TCB.WriteRegisters. What is written is made safe,
/// not refused: rip, fs_base and gs_base become 0 if they are not canonical; of rflags bits 0-11 count, of these bits
/// 3, 5 and TF are off, bit 1 and IF on (0xfff reads back as 0xed7).
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
