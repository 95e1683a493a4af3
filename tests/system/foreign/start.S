// SPDX-License-Identifier: BSD-2-Clause
// Entry of the foreign root task, entry of its threads, and the code of its child processes.
    .section .text.start, "ax", @progbits

// The kernel passes RDI = boot information and nothing else. What the other registers hold is kept for a case.
    .globl  _start
_start:
    movq    %rsp, first_registers + 0(%rip)
    movq    %rax, first_registers + 8(%rip)
    movq    %rbx, first_registers + 16(%rip)
    movq    %rcx, first_registers + 24(%rip)
    movq    %rdx, first_registers + 32(%rip)
    movq    %rsi, first_registers + 40(%rip)
    movq    %rbp, first_registers + 48(%rip)
    movq    %r8, first_registers + 56(%rip)
    movq    %r9, first_registers + 64(%rip)
    movq    %r10, first_registers + 72(%rip)
    movq    %r11, first_registers + 80(%rip)
    movq    %r12, first_registers + 88(%rip)
    movq    %r13, first_registers + 96(%rip)
    movq    %r14, first_registers + 104(%rip)
    movq    %r15, first_registers + 112(%rip)
    leaq    first_stack_top(%rip), %rsp
    pushfq
    popq    first_registers + 120(%rip)
    rdfsbase %rax
    movq    %rax, first_registers + 128(%rip)
    rdgsbase %rax
    movq    %rax, first_registers + 136(%rip)
    xorl    %ebp, %ebp
    call    foreign_main
    ud2

// A thread in the root task's own space: RSP is aligned, RDI = function, RSI = its argument.
    .globl  thread_start
thread_start:
    xorl    %ebp, %ebp
    movq    %rdi, %rax
    movq    %rsi, %rdi
    call    *%rax
1:  ud2                                 // its handler, if any, hears that it is done
    jmp     1b

    .bss
    .balign 16
    .globl  first_registers
first_registers:
    .skip   18 * 8
    .balign 16
    .skip   32768
first_stack_top:

// Child processes run this page at an address of their own; RDI is the slot of an endpoint to the parent.
    .section .rodata.child, "a", @progbits
    .balign 4096
    .globl  child_code, child_echo, child_touch, child_foreign_call, child_divide, child_use_given, child_spin, child_end
child_code:
child_echo:                             // calls with MR0 = 1, 2, 3... and takes each answer as the next word
    movq    %rdi, %rbx
    movl    $1, %r10d
1:  movq    %rbx, %rdi
    movl    $0x7001, %esi               // label 7, length 1
    movq    $-1, %rdx
    syscall
    incq    %r10
    jmp     1b
child_touch:                            // increments [rsi] over rdx pages, then calls with the count
    xorl    %eax, %eax
1:  incq    (%rsi)
    addq    (%rsi), %rax
    addq    $4096, %rsi
    decq    %rdx
    jnz     1b
    movq    %rax, %r10
    movl    $0x8001, %esi
    movq    $-1, %rdx
    syscall
    ud2
child_foreign_call:                     // another system's call: write(1, 0x1234, 5), then its exit
    movl    $1, %eax
    movl    $1, %edi
    movl    $0x1234, %esi
    movl    $5, %edx
    syscall
    movq    %rax, %rbx
    movl    $60, %eax
    movl    $60, %edx
    syscall
    ud2
child_divide:
    xorl    %ecx, %ecx
    movl    $7, %eax
    xorl    %edx, %edx
    divl    %ecx
    movl    $0x55, %ebx                 // the handler comes back here, two bytes on
    ud2
child_use_given:                        // calls; the answer brings a capability into slot 9; signals through it; calls
    movq    %rdi, %rbx
    movl    $0x9000, %esi
    movq    $-1, %rdx
    syscall
    movq    %rsi, %r14
    movl    $9, %edi
    xorl    %esi, %esi
    movq    $-5, %rdx
    syscall
    movq    %rbx, %rdi
    movl    $0x9001, %esi
    movq    %r14, %r10
    movq    $-1, %rdx
    syscall
    ud2
child_spin:
1:  incq    %rax
    jmp     1b
child_end:
    .balign 4096
    .section .note.GNU-stack, "", @progbits
