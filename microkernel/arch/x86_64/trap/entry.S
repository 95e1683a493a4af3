// SPDX-License-Identifier: BSD-2-Clause
// Exceptions and interrupts: one stub per vector, which the IDT (cpu/tables.cpp) points to.
//
// From ring 3 the CPU has pushed SS, RSP, RFLAGS, CS, RIP to the end of the running thread's Context (rsp0); the stub
// pushes the rest there and calls exception_entry(Context*) or interrupt_entry(Context*) on the kernel stack, which return
// the Context to resume.
// From ring 0 they are on the kernel stack: an exception is a bug and goes to kernel_exception(Context*), an
// interrupt came in the preemption window or the idle loop and goes to kernel_interrupt(vector).
#include "registers.inc"
#include "isolation.inc"

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

.macro push_caller_saved
    .irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
    pushq %\register
    .endr
.endm
.macro pop_caller_saved
    .irp register, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
    popq %\register
    .endr
.endm

    .section .entry.text, "ax"
    .globl exception_stubs, interrupt_stubs, isolated_exception_stubs, isolated_interrupt_stubs, user_interrupt
    .globl user_exception, exception_in_kernel, fatal_exception, rdmsr_if_there, wrmsr_if_there, interrupt_in_kernel
    .globl double_fault_stub, machine_check_stub, nmi_stub, debug_stub, ignored_stub

.set vector_stub_size, 16               // cpu/tables.cpp counts on it

// Vectors that have an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC, #SX.
.set with_error_code, 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30

// A stub per vector, from `first` on; they go on at `common`.
.macro vector_stubs first, count, common
.set vector, \first
.rept \count
    .balign vector_stub_size
  .if vector >= 32 || ((with_error_code >> vector) & 1) == 0
    pushq $0
  .endif
    pushq $vector
    jmp \common
  .set vector, vector + 1
.endr
.endm

    .balign vector_stub_size
exception_stubs:
    vector_stubs 0, 32, exception_common
    .balign vector_stub_size
interrupt_stubs:                        // devices, then the timer
    vector_stubs 48, 108, interrupt_common
    vector_stubs 240, 1, interrupt_common
    .balign vector_stub_size
isolated_exception_stubs:               // the same with page-table isolation (isolated_entry.S)
    vector_stubs 0, 32, isolated_exception
    .balign vector_stub_size
isolated_interrupt_stubs:
    vector_stubs 48, 108, isolated_interrupt
    vector_stubs 240, 1, isolated_interrupt

interrupt_common:
    testb $3, 24(%rsp)                  // CS: where from?
    jz interrupt_in_kernel
user_interrupt:
    enter_kernel 1
    call interrupt_entry
    jmp resume_user

exception_common:
    testb $3, 24(%rsp)
    jz exception_in_kernel
user_exception:
    enter_kernel 2
    call exception_entry
    jmp resume_user

// The kernel itself has raised it: a bug, but for model-specific registers that the CPU refuses.
exception_in_kernel:
    cmpq $refusable_rdmsr, 16(%rsp)     // RIP
    je 1f
    cmpq $refusable_wrmsr, 16(%rsp)
    jne fatal_exception
1:  movq $refused_msr, 16(%rsp)
    addq $16, %rsp
    iretq

// An exception that never has a good end.
// The CPU has aligned the stack: 5 + 2 + 15 words later it is aligned again.
fatal_exception:
    push_registers
    cld
    load_kernel_space
    leaq -context_rax(%rsp), %rdi
    call kernel_exception
    ud2

// uint64_t rdmsr_if_there(uint32_t number), void wrmsr_if_there(uint32_t number, uint64_t value): a register that the CPU
// refuses reads 0 and takes no write.
rdmsr_if_there:
    movl %edi, %ecx
refusable_rdmsr:
    rdmsr
    shlq $32, %rdx
    orq %rdx, %rax
    ret
wrmsr_if_there:
    movl %edi, %ecx
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
refusable_wrmsr:
    wrmsr
refused_msr:
    xorl %eax, %eax
    ret

interrupt_in_kernel:
    push_caller_saved
    movq 72(%rsp), %rdi                 // vector
    cld
    call kernel_interrupt
    pop_caller_saved
    addq $16, %rsp
    iretq

// #DF and #MC, on stacks of their own, wherever they come from.
double_fault_stub:
    pushq $8                            // its error code is always 0
    jmp fatal_exception
machine_check_stub:
    pushq $0
    pushq $18
    jmp fatal_exception

// NMI, on a stack of its own: it may come between any two instructions of the kernel, so it touches nothing but that
// stack, and what non_maskable_interrupt (panic.cpp) prints.
nmi_stub:
    push_caller_saved
    cld
    movq 72(%rsp), %rdi                 // RIP
    movq 80(%rsp), %rsi                 // CS
    movq %cr3, %rax
    pushq %rax
    pushq %rax                          // the stack stays aligned
    load_kernel_space
    call non_maskable_interrupt
    popq %rax
    popq %rax
    movq %rax, %cr3
    pop_caller_saved
    iretq

// #DB, on a stack of its own. A single step that MOV SS delayed over a SYSCALL or INT3 comes at the kernel's first
// instruction, where RSP may be ring 3's still: it is forgotten. From ring 3 it becomes an exception like the others.
debug_stub:
    testb $3, 8(%rsp)                   // CS: where from?
    jz 1f
    pushq $0
    pushq $1
    cmpq $0, entry_area + entry_kernel_cr3(%rip)
    jne isolated_user_exception
    move_to_context
    jmp user_exception
1:  iretq

// Spurious interrupts of the 8259 and of the local APIC: nobody waits for an acknowledgement.
ignored_stub:
    iretq
