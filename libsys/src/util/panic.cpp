// SPDX-License-Identifier: BSD-2-Clause
// The last words of a program.
#include <sys/proc/exit.hpp>
#include <sys/raw/syscall.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace sys {

namespace {
const char* name = "program";
bool panicking = false;
} // namespace

void set_program_name(const char* new_name) { name = new_name; }

const char* program_name() { return name; }

void panic(const char* reason) {
    if (panicking)
        raw::trap(); // a panic on the way out: no more words
    panicking = true;
    char storage[max_log_line];
    log_to_kernel(format(storage, "PANIC: {}: {}", name, reason));
    exit(panic_status);
}

} // namespace sys
