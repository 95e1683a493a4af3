// SPDX-License-Identifier: BSD-2-Clause
// Says that the system failed, and goes on.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    say "SYSTEM FAILED: no candidate for PID 1 started\n"
    ret
