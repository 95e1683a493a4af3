// SPDX-License-Identifier: BSD-2-Clause
// The system calls at register level: all inline assembly of user space. Host tests replace this header by a shim of
// the same name that records calls. SYSCALL clobbers RCX and R11; our kernel keeps RSP, so RBX need not save it.
#pragma once

#include <abi/message.hpp>
#include <abi/syscall.hpp>
#include <abi/types.hpp>

namespace sys::raw {

using abi::Word;

/// What a message travels in: RDI, RSI, R10, R8, R9, R15. Every call reads and writes all of them.
struct Registers {
    Word target = 0; ///< in: capability pointer; out: badge of the sender
    Word info = 0;   ///< a MessageInfo
    Word mr0 = 0;
    Word mr1 = 0;
    Word mr2 = 0;
    Word mr3 = 0;
};

/// What the FS base of every thread points at. The first word points to itself (System V psABI, thread-local storage).
struct ThreadBlock {
    ThreadBlock* self = nullptr;
    abi::IpcBuffer* ipc_buffer = nullptr; ///< null: this thread sends and receives four words and no capabilities
};

/// Calls that use no further register: Call, Send, NBSend, Wait, NBWait, Yield and the debugging calls.
[[gnu::always_inline]] inline void enter(abi::Syscall number, Registers& message) {
    Word target = message.target; // not the members themselves: g++ would store them first
    Word info = message.info;
    register Word mr0 asm("r10") = message.mr0;
    register Word mr1 asm("r8") = message.mr1;
    register Word mr2 asm("r9") = message.mr2;
    register Word mr3 asm("r15") = message.mr3;
    asm volatile("syscall"
                 : "+D"(target), "+S"(info), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                 : "d"(static_cast<int64_t>(number))
                 : "rcx", "r11", "memory");
    message.target = target;
    message.info = info;
    message.mr0 = mr0;
    message.mr1 = mr1;
    message.mr2 = mr2;
    message.mr3 = mr3;
}

/// Calls with a second capability pointer in R12: the reply object of Recv, NBRecv, ReplyRecv and ReplyMapRecv; what
/// NBSendWait sends on.
[[gnu::always_inline]] inline void enter(abi::Syscall number, Registers& message, Word reply) {
    Word target = message.target;
    Word info = message.info;
    register Word mr0 asm("r10") = message.mr0;
    register Word mr1 asm("r8") = message.mr1;
    register Word mr2 asm("r9") = message.mr2;
    register Word mr3 asm("r15") = message.mr3;
    register Word second asm("r12") = reply;
    asm volatile("syscall"
                 : "+D"(target), "+S"(info), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                 : "d"(static_cast<int64_t>(number)), "r"(second)
                 : "rcx", "r11", "memory");
    message.target = target;
    message.info = info;
    message.mr0 = mr0;
    message.mr1 = mr1;
    message.mr2 = mr2;
    message.mr3 = mr3;
}

/// NBSendRecv: the reply object in R12, what to send on in R13.
[[gnu::always_inline]] inline void enter(abi::Syscall number, Registers& message, Word reply, Word send_on) {
    Word target = message.target;
    Word info = message.info;
    register Word mr0 asm("r10") = message.mr0;
    register Word mr1 asm("r8") = message.mr1;
    register Word mr2 asm("r9") = message.mr2;
    register Word mr3 asm("r15") = message.mr3;
    register Word second asm("r12") = reply;
    register Word third asm("r13") = send_on;
    asm volatile("syscall"
                 : "+D"(target), "+S"(info), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                 : "d"(static_cast<int64_t>(number)), "r"(second), "r"(third)
                 : "rcx", "r11", "memory");
    message.target = target;
    message.info = info;
    message.mr0 = mr0;
    message.mr1 = mr1;
    message.mr2 = mr2;
    message.mr3 = mr3;
}

/// The IPC buffer of the running thread. The start-up code sets the FS base before any C++ runs, and a thread never
/// changes it, so the compiler may keep the value.
inline abi::IpcBuffer* ipc_buffer() {
    abi::IpcBuffer* buffer;
    asm("mov %%fs:8, %0" : "=r"(buffer));
    return buffer;
}

/// The time-stamp counter: ticks since power-on at the frequency of boot-information chunk 5.
inline Word read_time_stamp() {
    uint32_t low;
    uint32_t high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return Word{high} << 32 | low;
}

/// An instruction that is no instruction: the thread faults here and its handler sees where.
[[noreturn]] inline void trap() {
    for (;;)
        asm volatile("ud2");
}

static_assert(sizeof(Registers) == 48 && __builtin_offsetof(ThreadBlock, ipc_buffer) == 8);

} // namespace sys::raw
