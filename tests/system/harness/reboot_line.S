// SPDX-License-Identifier: BSD-2-Clause
// Prints the kernel's first line twice, as a machine that silently started again would.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    say "Umbra 0.0.0 (debug kernel)\n"
    say "[READY] Eclipse-SystemD is ready\n"
    ret
