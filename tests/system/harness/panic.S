// SPDX-License-Identifier: BSD-2-Clause
// Panics as the kernel does: a line with the reason, the debug exit, and then nothing.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    say "KERNEL PANIC: a test of the harness\n"
    say "  backtrace line\n"
    movl $0x3f, %eax
    call debug_exit
    ret
