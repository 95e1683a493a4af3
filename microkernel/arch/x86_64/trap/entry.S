// SPDX-License-Identifier: BSD-2-Clause
// Exceptions and interrupts: one stub per vector, which the IDT (cpu/tables.cpp) points to.
//
// From ring 3 the CPU has pushed SS, RSP, RFLAGS, CS, RIP to the end of the running thread's Context (rsp0); the stub
// pushes the rest there and calls exception_entry(Context*) or interrupt_entry(Context*) on the kernel stack, which return
// the Context to resume.
// From ring 0 they are on the kernel stack: an exception is a bug and goes to kernel_exception(KernelFrame*), an
// interrupt came in the preemption window or the idle loop and goes to kernel_interrupt(vector).
#include "registers.inc"

// From ring 3 onto the kernel stack; RDI = the thread's Context.
.macro enter_kernel number
    push_registers
    cld
    // CLAC goes here where the CPU has SMAP: an interrupt gate leaves AC as ring 3 had it (cpu/tables.cpp patches).
    .globl clac_place_\number
clac_place_\number:
    .byte 0x0f, 0x1f, 0x00              // a no-op of three bytes
    leaq -context_rax(%rsp), %rdi
    movq $kernel_stack_top, %rsp
.endm

    .section .entry.text, "ax"

.set vector_stub_size, 16               // cpu/tables.cpp counts on it

// Vectors that have an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC, #SX.
.set with_error_code, 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30

    .balign 16
    .globl exception_stubs
exception_stubs:
.set vector, 0
.rept 32
    .balign vector_stub_size
  .if ((with_error_code >> vector) & 1) == 0
    pushq $0
  .endif
    pushq $vector
    jmp exception_common
  .set vector, vector + 1
.endr

// Vectors 48-155 (devices), then 240 (timer).
    .balign vector_stub_size
    .globl interrupt_stubs
interrupt_stubs:
.set vector, 48
.rept 108
    .balign vector_stub_size
    pushq $0
    pushq $vector
    jmp interrupt_common
  .set vector, vector + 1
.endr
    .balign vector_stub_size
    .globl timer_stub
timer_stub:
    pushq $0
    pushq $240

interrupt_common:
    testb $3, 24(%rsp)                  // CS: where from?
    jz interrupt_in_kernel
user_interrupt:
    enter_kernel 1
    call interrupt_entry
    jmp resume_user

exception_common:
    testb $3, 24(%rsp)
    jz fatal_exception
user_exception:
    enter_kernel 2
    call exception_entry
    jmp resume_user

// An exception that the kernel itself raised, or one that never has a good end.
// The CPU has aligned the stack: 5 + 2 + 15 words later it is aligned again.
fatal_exception:
    push_registers
    cld
    movq %rsp, %rdi
    xorl %eax, %eax
    call kernel_exception
    ud2

interrupt_in_kernel:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    movq 72(%rsp), %rdi                 // vector
    cld
    call kernel_interrupt
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    iretq

// #DF and #MC, on stacks of their own, wherever they come from.
    .globl double_fault_stub, machine_check_stub
double_fault_stub:
    pushq $8                            // its error code is always 0
    jmp fatal_exception
machine_check_stub:
    pushq $0
    pushq $18
    jmp fatal_exception

// NMI, on a stack of its own: it may come between any two instructions of the kernel, so it touches nothing but that
// stack, and what non_maskable_interrupt (panic.cpp) prints.
    .globl nmi_stub
nmi_stub:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    cld
    movq 72(%rsp), %rdi                 // RIP
    movq 80(%rsp), %rsi                 // CS
    call non_maskable_interrupt
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    iretq

// #DB, on a stack of its own. A single step that MOV SS delayed over a SYSCALL or INT3 comes at the kernel's first
// instruction, where RSP may be ring 3's still: it is forgotten. From ring 3 it becomes an exception like the others.
    .globl debug_stub
debug_stub:
    testb $3, 8(%rsp)                   // CS: where from?
    jz 1f
    pushq %rax
    movq entry_area + entry_rsp0(%rip), %rax
    .irp offset, 8, 16, 24, 32, 40      // SS, RSP, RFLAGS, CS, RIP: to where the CPU would have pushed them
    pushq 48 - \offset(%rsp)
    popq -\offset(%rax)
    .endr
    leaq -40(%rax), %rax
    movq %rax, entry_area + entry_user_rsp(%rip)
    popq %rax
    movq entry_area + entry_user_rsp(%rip), %rsp
    pushq $0
    pushq $1
    jmp exception_common
1:  iretq

// Spurious interrupts of the 8259 and of the local APIC: nobody waits for an acknowledgement.
    .globl ignored_stub
ignored_stub:
    iretq

    .section .note.GNU-stack, "", @progbits
