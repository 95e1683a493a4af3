// SPDX-License-Identifier: BSD-2-Clause
// Says back what is typed; powers off at a 'q'.
#include "console.S.inc"

payload:
    say "Umbra 0.0.0 (debug kernel)\n"
    say "[READY] Eclipse-SystemD is ready\n"
next_key:
    movw $0x3fd, %dx
    inb %dx, %al
    testb $0x01, %al
    jz next_key
    movw $0x3f8, %dx
    inb %dx, %al
    outb %al, %dx
    cmpb $'q', %al
    jne next_key
    call power_off
    ret
