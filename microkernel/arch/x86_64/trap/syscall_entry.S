// SPDX-License-Identifier: BSD-2-Clause
// SYSCALL, and the way back to ring 3.
#include "registers.inc"

    .section .entry.text, "ax"

// SYSCALL from ring 3 (LSTAR).
// On entry: RCX = RIP behind the instruction, R11 = RFLAGS, RSP the user's; IF, TF, DF, AC, NT and IOPL are off (FMASK).
// Saves everything in the Context that rsp0 points to the end of, and calls syscall_entry(Context*) on the kernel stack.
// Until RSP is the kernel's own only NMI, #DF and #MC may come; they have stacks of their own.
    .balign 16
    .globl syscall_stub
syscall_stub:
    movq %rsp, entry_area + entry_user_rsp(%rip)
    movq entry_area + entry_rsp0(%rip), %rsp
    pushq $user_data                    // SS
    pushq entry_area + entry_user_rsp(%rip)
    pushq %r11                          // RFLAGS
    pushq $user_code                    // CS
    pushq %rcx                          // RIP: the instruction behind SYSCALL
    pushq $0                            // error code
    pushq $origin_syscall
    push_registers
    leaq -context_rax(%rsp), %rdi
    movq $kernel_stack_top, %rsp
    call syscall_entry
    // falls through

// Leaves the kernel with the registers of the Context in RAX. Its RIP is canonical and its RFLAGS are safe: whoever
// wrote them has seen to that (Context: sanitised_address, sanitised_rflags).
    .globl resume_user
resume_user:
    leaq context_rax(%rax), %rsp
    cmpl $origin_syscall, context_origin(%rax)
    pop_registers
    jne 1f                              // POP leaves the flags alone
    movq 16(%rsp), %rcx                 // RIP
    movq 32(%rsp), %r11                 // RFLAGS
    movq 40(%rsp), %rsp                 // no interrupt can come any more; for NMI see above
    sysretq
1:  addq $16, %rsp                      // origin, error code
    iretq

// void enter_user(Context*): leaves the kernel for the first time.
    .globl enter_user
enter_user:
    movq %rdi, %rax
    jmp resume_user

    .section .note.GNU-stack, "", @progbits
