// SPDX-License-Identifier: BSD-2-Clause
// Resets the machine by a triple fault, after having said that all is well so far.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    pushl $0
    pushl $0
    lidt (%esp)
    int3
    ret
