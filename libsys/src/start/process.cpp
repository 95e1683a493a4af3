// SPDX-License-Identifier: BSD-2-Clause
// From the first instructions of a process (crt0_process.S) to its main.
#include <sys/proc/exit.hpp>
#include <sys/proc/startup.hpp>
#include <sys/start/runtime.hpp>
#include <sys/util/log.hpp>

/// The program's main, under the name that the compiler gave it: in freestanding mode g++ leaves `main` alone, clang
/// mangles it, and extern "C" never does. user.ld sees to it that there is one.
extern "C" [[gnu::weak]] int plain_main(int argc, char** argv, char** envp) asm("main");
extern "C" [[gnu::weak]] int mangled_main(int argc, char** argv, char** envp) asm("_Z4mainiPPcS0_");

namespace sys {

namespace {
const AuxEntry* auxiliary_vector = nullptr;
}

Word aux_value(Word type) {
    if (auxiliary_vector == nullptr)
        return 0;
    for (const AuxEntry* entry = auxiliary_vector; entry->type != aux::null; ++entry)
        if (entry->type == type)
            return entry->value;
    return 0;
}

} // namespace sys

/// `block`: the start-up block that the stack pointer named.
extern "C" [[noreturn]] void sys_start_process(sys::Word* block) {
    const sys::StartupBlock startup(block);
    sys::auxiliary_vector = startup.auxv();
    sys::set_exit_hook(sys::start::exit_process);
    sys::set_log_sink(sys::log_to_console);
    sys::start::run_constructors();
    const auto program_main = plain_main != nullptr ? plain_main : mangled_main;
    sys::exit(program_main(startup.argc(), startup.argv(), startup.envp()));
}
