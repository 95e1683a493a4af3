// SPDX-License-Identifier: BSD-2-Clause
// A root task that has a debug kernel commit the bug whose name its boot module has, at its own code. Its thread is called after
// the bug, so that the fault is told apart (tools/fault-scenarios).
#include <init/boot_information.hpp>
#include <sys/raw/syscall.hpp>

namespace {

constexpr abi::Word own_code = 0x40'0000;

/// The kernel takes names from the IPC buffer.
void call_with_name(abi::Syscall number, abi::Word target, const char* prefix, const char* name) {
    char* const text = reinterpret_cast<char*>(sys::raw::ipc_buffer()->message);
    const size_t length = __builtin_strlen(prefix);
    __builtin_memcpy(text, prefix, length);
    __builtin_memcpy(text + length, name, __builtin_strlen(name) + 1);
    sys::raw::Registers registers{.target = target};
    sys::raw::enter(number, registers);
}

} // namespace

int main(const abi::BootInfo& info) {
    const auto module = init::BootInformation(info).module(0);
    if (!module)
        return 1;
    call_with_name(abi::Syscall::debug_name_thread, abi::root_slot::tcb, "kernel-", module->name);
    call_with_name(abi::Syscall::debug_provoke, own_code, "", module->name);
    return 1; // there is no such bug
}
