// SPDX-License-Identifier: BSD-2-Clause
// A system test of which one case fails.
#include "console.S.inc"

payload:
    say "PASS harness sample: first\n"
    say "FAIL harness sample: second: expected 1, got 2\n"
    say "TESTS DONE 1 passed 1 failed\n"
    movl $0x11, %eax
    call debug_exit
    ret
