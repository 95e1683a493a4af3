# SPDX-License-Identifier: BSD-2-Clause
# The first instructions of a process.
#   Who starts it:  the process service, through TCB.Spawn
#   On entry:       rsp = the System V start-up block (argc, argv, envp, auxv), 16-aligned; rdi = IPC buffer, or 0
#   On leaving:     sys_start_process(rdi = start-up block), rsp 16-aligned; it never returns
    .section .text.start, "ax", @progbits
    .globl  _start
    .type   _start, @function
_start:
    xorl    %ebp, %ebp                          # the outermost frame of a backtrace
    movq    %rsp, %rbx
    leaq    process_thread_block(%rip), %rax
    movq    %rax, 0(%rax)                       # ThreadBlock::self
    movq    %rdi, 8(%rax)                       # ThreadBlock::ipc_buffer
    movq    %rax, %rdi
    movq    $-33, %rdx                          # abi::Syscall::set_tls_base
    syscall
    movq    %rbx, %rdi
    andq    $-16, %rsp
    call    sys_start_process
    ud2
    .size   _start, . - _start

    .section .bss.process_thread_block, "aw", @nobits
    .balign 16
process_thread_block:
    .skip   16

    .section .note.GNU-stack, "", @progbits
