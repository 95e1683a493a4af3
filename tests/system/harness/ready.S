// SPDX-License-Identifier: BSD-2-Clause
// Says all that a good system says, then waits for ever.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    say "[READY] Eclipse-SystemD is ready\n"
    ret
