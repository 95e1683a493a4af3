// SPDX-License-Identifier: BSD-2-Clause
// Powers the machine off at once.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    call power_off
    ret
