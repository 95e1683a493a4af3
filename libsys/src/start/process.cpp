// SPDX-License-Identifier: BSD-2-Clause
// From the first instructions of a process (crt0_process.S) to its main.
#include <sys/proc/exit.hpp>
#include <sys/proc/startup.hpp>
#include <sys/util/log.hpp>
#include <sys/start/runtime.hpp>

int main(int argc, char** argv, char** envp);

namespace sys {

namespace {
const AuxEntry* auxiliary_vector = nullptr;
}

Word aux_value(Word type) {
    if (auxiliary_vector == nullptr) return 0;
    for (const AuxEntry* entry = auxiliary_vector; entry->type != aux::null; ++entry)
        if (entry->type == type) return entry->value;
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
    sys::exit(main(startup.argc(), startup.argv(), startup.envp()));
}
