// SPDX-License-Identifier: BSD-2-Clause
// Starts, and is never heard of again.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    ret
