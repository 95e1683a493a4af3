// SPDX-License-Identifier: BSD-2-Clause
// Page-table isolation (decision 10): ring 3 runs on tables that show of the kernel only this code, the entry area, GDT,
// IDT and the interrupt stacks (boot/main.cpp maps them), so that nothing else can leak to it by way of the caches
// (Meltdown, CVE-2017-5754). All gates lead to the entry stack; from there these stubs go to the kernel's tables and to
// where the others start. The kernel's own tables are loaded as long as C++ runs.
#include "registers.inc"
#include "isolation.inc"

    .section .entry.text, "ax"
    .globl isolated_interrupt, isolated_exception, isolated_user_exception, isolated_syscall_stub, resume_isolated

// From ring 3 with a frame on the entry stack.
.macro enter_from_isolation
    pushq %rax
    movq entry_area + entry_kernel_cr3(%rip), %rax
    movq %rax, %cr3
    popq %rax
    move_to_context
.endm

isolated_interrupt:
    testb $3, 24(%rsp)                  // CS: where from?
    jz interrupt_in_kernel
    enter_from_isolation
    jmp user_interrupt

isolated_exception:
    testb $3, 24(%rsp)
    jz exception_in_kernel
isolated_user_exception:
    enter_from_isolation
    jmp user_exception

isolated_syscall_stub:
    movq %rsp, entry_area + entry_user_rsp(%rip)
    movq entry_area + entry_kernel_cr3(%rip), %rsp
    movq %rsp, %cr3
    jmp syscall_with_rsp_saved

// resume_user: with the registers of the Context in RAX to ring 3 and its tables. The Context is not in them.
resume_isolated:
    movq $entry_stack_top, %rsp
    .irp offset, 32, 24, 16, 8, 0       // SS, RSP, RFLAGS, CS, RIP
    pushq context_rip + \offset(%rax)
    .endr
    pushq context_rax(%rax)
    movq context_rax + 16(%rax), %rcx
    movq context_rax + 80(%rax), %r11
    load_most_registers
    movq entry_area + entry_user_cr3(%rip), %rax
    movq %rax, %cr3
    popq %rax
    iretq
