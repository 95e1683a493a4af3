// SPDX-License-Identifier: BSD-2-Clause
// SYSCALL, and the way back to ring 3.
#include "registers.inc"

    .section .entry.text, "ax"
    .globl syscall_stub, syscall_with_rsp_saved, resume_user, enter_user

// SYSCALL from ring 3 (LSTAR).
// On entry: RCX = RIP behind the instruction, R11 = RFLAGS, RSP the user's; IF, TF, DF, AC, NT and IOPL are off (FMASK).
// Saves everything in the Context that rsp0 points to the end of, and calls one of three functions (syscall/syscall.hpp) on the kernel stack.
// Until RSP is the kernel's own only NMI, #DF and #MC may come; they have stacks of their own.
    .balign 16
syscall_stub:
    movq %rsp, entry_area + entry_user_rsp(%rip)
syscall_with_rsp_saved:
    movq entry_area + entry_rsp0(%rip), %rsp
    .set place, context_rax - context_size
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    movq %\register, place(%rsp)
    .set place, place + 8
    .endr
    movq %rcx, context_rip - context_size(%rsp)
    movq %r11, context_rflags - context_size(%rsp)
    movq entry_area + entry_user_rsp(%rip), %rcx
    movq %rcx, context_rsp - context_size(%rsp)
    movq $origin_syscall, context_origin - context_size(%rsp)
    leaq -context_size(%rsp), %rdi      // CS and SS are there, and never change
    movq $kernel_stack_top, %rsp
    cmpq $-1, %rdx                      // abi::Syscall: Call, ReplyRecv, the others
    jne 1f
    call call_entry
    jmp resume_user
1:  cmpq $-2, %rdx
    jne 2f
    call reply_recv_entry
    jmp resume_user
2:  call syscall_entry
    // falls through

// Leaves the kernel with the registers of the Context in RAX. Its RIP is canonical and its RFLAGS are safe: whoever
// wrote them has seen to that (Context: sanitised_address, sanitised_rflags).
// With page-table isolation the first instruction becomes a jump to resume_isolated (cpu/tables.cpp patches).
resume_user:
    cmpl $origin_syscall, context_origin(%rax)
    jne 1f
    movq context_rip(%rax), %rcx
    movq context_rflags(%rax), %r11
    movq context_rsp(%rax), %rsp        // no interrupt can come any more; for NMI see above
    load_most_registers
    movq context_rax(%rax), %rax
    sysretq
1:  leaq context_rax(%rax), %rsp
    pop_registers
    addq $16, %rsp                      // origin, error code
    iretq

// void enter_user(Context*): leaves the kernel for the first time.
enter_user:
    movq %rdi, %rax
    jmp resume_user
