// SPDX-License-Identifier: BSD-2-Clause
// From the first instructions of a root task (crt0_root.S) to its main.
#include <abi/boot_info.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/proc/exit.hpp>
#include <sys/start/runtime.hpp>

/// As in process.cpp: main by either name.
extern "C" [[gnu::weak]] int plain_main(const abi::BootInfo& boot_info) asm("main");
extern "C" [[gnu::weak]] int mangled_main(const abi::BootInfo& boot_info) asm("_Z4mainRKN3abi8BootInfoE");

static_assert(__builtin_offsetof(abi::BootInfo, ipc_buffer) == 32, "crt0_root.S reads it");

namespace {

/// Nobody started a root task, so nobody is told: it stops.
void stop_root_task(int) { static_cast<void>(sys::Tcb(abi::root_slot::tcb).suspend()); }

} // namespace

extern "C" [[noreturn]] void sys_start_root(const abi::BootInfo* boot_info) {
    sys::set_exit_hook(stop_root_task);
    sys::start::run_constructors();
    const auto program_main = plain_main != nullptr ? plain_main : mangled_main;
    sys::exit(program_main(*boot_info));
}
