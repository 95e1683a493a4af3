// SPDX-License-Identifier: BSD-2-Clause
// Host stand-in for libsys' raw/syscall.hpp: system calls go to the fake kernel that a test has installed.
#pragma once

#include <abi/message.hpp>
#include <abi/syscall.hpp>
#include <abi/types.hpp>
#include <stdexcept>
#include <vector>

namespace sys::raw {

using abi::Word;

struct Registers {
    Word target = 0;
    Word info = 0;
    Word mr0 = 0;
    Word mr1 = 0;
    Word mr2 = 0;
    Word mr3 = 0;
};

struct ThreadBlock {
    ThreadBlock* self = nullptr;
    abi::IpcBuffer* ipc_buffer = nullptr;
};

} // namespace sys::raw

namespace sys::host {

using abi::Word;

/// One system call as the kernel would see it.
struct Call {
    abi::Syscall number{};
    Word target = 0;
    abi::MessageInfo info;
    std::vector<Word> words; ///< the whole message, registers and buffer together
    std::vector<Word> caps;
    Word reply = 0;   ///< R12
    Word send_on = 0; ///< R13
};

/// What a test installs to play the kernel. `registers` go in and out; longer answers are written to the IPC buffer.
class Kernel {
public:
    virtual ~Kernel() = default;
    virtual void enter(const Call& call, raw::Registers& registers, abi::IpcBuffer& buffer) = 0;
    /// Where the memory at an address of the running thread's space is; null: not mapped.
    virtual void* memory(Word) { return nullptr; }
};

inline Kernel* kernel = nullptr;
inline abi::IpcBuffer ipc_buffer{};
/// Of the thread that runs: a kernel that knows several sets it.
inline abi::IpcBuffer* current_buffer = &ipc_buffer;

/// The program ended itself: an illegal instruction on target, this exception on the host.
struct Trapped : std::runtime_error {
    Trapped() : std::runtime_error("the program stopped itself") {}
};

inline void enter(abi::Syscall number, raw::Registers& registers, Word reply, Word send_on) {
    if (kernel == nullptr)
        return; // nobody listens: debug output of tests that do not care
    Call call{number, registers.target, abi::MessageInfo(registers.info), {}, {}, reply, send_on};
    const Word in_registers[] = {registers.mr0, registers.mr1, registers.mr2, registers.mr3};
    for (unsigned i = 0; i < call.info.length(); ++i)
        call.words.push_back(i < abi::register_message_words ? in_registers[i] : current_buffer->message[i]);
    for (unsigned i = 0; i < call.info.extra_caps(); ++i)
        call.caps.push_back(current_buffer->caps_or_badges[i]);
    kernel->enter(call, registers, *current_buffer);
}

} // namespace sys::host

namespace sys::raw {

inline void enter(abi::Syscall number, Registers& message) { host::enter(number, message, 0, 0); }
inline void enter(abi::Syscall number, Registers& message, Word reply) { host::enter(number, message, reply, 0); }
inline void enter(abi::Syscall number, Registers& message, Word reply, Word send_on) {
    host::enter(number, message, reply, send_on);
}
inline abi::IpcBuffer* ipc_buffer() { return host::current_buffer; }
inline Word read_time_stamp() {
    static Word ticks = 0;
    return ticks += 1000;
}
[[noreturn]] inline void trap() { throw host::Trapped(); }

} // namespace sys::raw
