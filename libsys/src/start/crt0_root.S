# SPDX-License-Identifier: BSD-2-Clause
# The first instructions of a root task.
#   Who starts it:  the kernel at boot
#   On entry:       rdi = boot information page; no stack (rsp 0), every other register 0
#   On leaving:     sys_start_root(rdi = boot information page), rsp = top of the stack below; it never returns
    .section .text.start, "ax", @progbits
    .globl  _start
    .type   _start, @function
_start:
    xorl    %ebp, %ebp                          # the outermost frame of a backtrace
    leaq    root_stack_top(%rip), %rsp
    movq    %rdi, %rbx
    leaq    root_thread_block(%rip), %rax
    movq    %rax, 0(%rax)                       # ThreadBlock::self
    movq    32(%rdi), %rcx                      # BootInfo::ipc_buffer (offset asserted in root.cpp)
    movq    %rcx, 8(%rax)                       # ThreadBlock::ipc_buffer
    movq    %rax, %rdi
    movq    $-33, %rdx                          # abi::Syscall::set_tls_base
    syscall
    movq    %rbx, %rdi
    call    sys_start_root
    ud2
    .size   _start, . - _start

    .section .bss.root_start, "aw", @nobits
    .balign 16
root_thread_block:
    .skip   16
    .balign 4096
    .globl  root_stack_bottom
root_stack_bottom:
    .skip   65536
root_stack_top:

    .section .note.GNU-stack, "", @progbits
