// SPDX-License-Identifier: BSD-2-Clause
// See snippets.hpp. Copied to page-aligned places, so everything here is position-independent and shorter than a page.
    .section .rodata.snippets, "a", @progbits
    .balign 4096
    .globl  snippets_start
snippets_start:

    .macro  snippet name
    .globl  snippet_\name
snippet_\name:
    .endm
    // One instruction, then the end.
    .macro  single name, instruction:vararg
    snippet \name
    \instruction
    ud2
    .endm

    snippet done
    ud2
    single  load, movq (%rdi), %rax
    single  store, movq %rsi, (%rdi)
    single  load_byte, movb (%rdi), %al
    single  call, jmp *%rdi
    snippet spin
1:  incq    %rax
    jmp     1b
    snippet count
1:  incq    (%rdi)
    jmp     1b
    single  syscall, syscall
    snippet syscall_then_fs_base
    syscall
    rdfsbase %rax
    ud2
    snippet keep_bases                  // keeps rdi as FS base, rsi as GS base over rbp yields; rax, rbx = what is left
    wrfsbase %rdi
    wrgsbase %rsi
1:  movq    $-11, %rdx
    syscall
    rdfsbase %rax
    rdgsbase %rbx
    cmpq    %rax, %rdi
    jne     2f
    cmpq    %rbx, %rsi
    jne     2f
    decq    %rbp
    jnz     1b
2:  ud2
    snippet push
1:  pushq   %rax
    jmp     1b
    snippet copy_syscall
    movq    (%rdi), %rax
    movq    %rax, %rdi
    movq    $60, %rax
    movq    $60, %rdx
    syscall
    ud2
    snippet sum
    xorl    %eax, %eax
1:  addq    (%rdi), %rax
    addq    $8, %rdi
    decq    %rsi
    jnz     1b
    ud2

    snippet fpu
    movq    %rdi, %xmm0
    movq    %rdi, %xmm7
    movq    %rdi, %xmm15
    movq    %rdi, -64(%rsp)
    fninit
    fildq   -64(%rsp)
1:  movq    %xmm0, %rax
    cmpq    %rdi, %rax
    jne     2f
    movq    %xmm7, %rax
    cmpq    %rdi, %rax
    jne     2f
    movq    %xmm15, %rax
    cmpq    %rdi, %rax
    jne     2f
    fld     %st(0)
    fistpq  -72(%rsp)
    cmpq    %rdi, -72(%rsp)
    jne     2f
    movq    %gs:0, %rax                 // the test points GS at a word that holds rdi
    cmpq    %rdi, %rax
    jne     2f
    movq    %fs:0, %rax
    cmpq    %rdi, %rax
    jne     2f
    decq    %rsi
    jnz     1b
    movl    $1, %eax
    ud2
2:  xorl    %eax, %eax
    ud2

    snippet segments
    movw    %ds, %ax
    movw    %es, %bx
    movw    %fs, %cx
    movw    %gs, %r8w
    movw    %ss, %r9w
    movw    %cs, %r10w
    ud2

    single  hlt, hlt
    single  cli, cli
    single  sti, sti
    single  in, inb %dx, %al
    single  out, outb %al, %dx
    single  read_cr3, movq %cr3, %rax
    single  write_cr3, movq %rdi, %cr3
    single  write_cr0, movq %rdi, %cr0
    single  write_cr4, movq %rdi, %cr4
    single  lgdt, lgdt (%rdi)
    single  lidt, lidt (%rdi)
    single  ltr, ltr %di
    single  rdmsr, rdmsr
    single  wrmsr, wrmsr
    single  invlpg, invlpg (%rdi)
    single  wbinvd, wbinvd
    single  swapgs, swapgs
    single  clts, clts
    single  sysret, sysretq
    snippet iret
    pushq   $0x10
    pushq   %rsp
    pushq   $2
    pushq   $8
    pushq   %rdi
    iretq
    ud2
    single  read_dr, movq %dr7, %rax
    single  sgdt, sgdt (%rdi)
    single  sidt, sidt (%rdi)
    single  sldt, sldt %ax
    single  str, str %ax
    single  smsw, smsw %ax
    snippet divide
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    movl    $1, %eax
    divl    %ecx
    ud2
    single  int3, int3
    single  int1, .byte 0xf1
    snippet overflow
    movl    $0x7fffffff, %eax
    addl    $1, %eax
    seto    %bl
    ud2
    snippet unaligned
    pushfq
    orl     $0x40000, (%rsp)
    popfq
    movq    (%rdi), %rax
    ud2
    snippet x87_error
    fninit
    movw    $0x033b, -8(%rsp)           // control word with divide by zero unmasked
    fldcw   -8(%rsp)
    fldz
    fld1
    fdivp   %st, %st(1)
    fwait
    ud2
    single  sse, movq %rdi, %xmm0
    single  read_xmm0, movq %xmm0, %rax
    snippet secret_and_syscall          // xmm15 = r14, then a SYSCALL
    movq    %r14, %xmm15
    syscall
    ud2
    snippet single_step
    pushfq
    orl     $0x100, (%rsp)
    popfq
    nop
    ud2
    single  stack_load, movq (%rsp), %rax

    // --- pieces of traps/machine.cpp ---
    single  load_ds, movw %di, %ds
    single  load_es, movw %di, %es
    single  load_fs, movw %di, %fs
    single  load_gs, movw %di, %gs
    single  load_ss, movw %di, %ss
    snippet far_return                  // to the UD2 below, with the code segment in di
    pushq   %rdi
    leaq    1f(%rip), %rax
    pushq   %rax
    lretq
1:  ud2
    snippet iret_in_ring                // IRETQ within ring 3: cs = di, ss = si, flags = rdx
    movq    %rsp, %rax
    pushq   %rsi
    pushq   %rax
    pushq   %rdx
    pushq   %rdi
    leaq    1f(%rip), %rax
    pushq   %rax
    iretq
1:  ud2
    snippet flags_and_trap              // flags = rdi, then at once:
    pushq   %rdi
    popfq
    ud2
    snippet flags_over_syscall          // flags = rdi, a SYSCALL (rbx = its number), rax = flags
    pushq   %rdi
    popfq
    movq    %rbx, %rdx
    syscall
    pushfq
    popq    %rax
    pushq   $0x202
    popfq
    ud2
    snippet flags_over_time             // flags = rdi, many turns, rax = flags
    pushq   %rdi
    popfq
1:  leaq    -1(%rsi), %rsi
    movq    %rsi, %rcx
    jrcxz   2f
    jmp     1b
2:  pushfq
    popq    %rax
    pushq   $0x202
    popfq
    ud2
    snippet step_over_syscall           // single step from here on
    pushfq
    orl     $0x100, (%rsp)
    popfq
    syscall
    nop
    ud2
    snippet step_over_mov_ss
    movw    %ss, %ax
    pushfq
    orl     $0x100, (%rsp)
    popfq
    movw    %ax, %ss
    syscall
    nop
    ud2
    snippet mov_ss_int3
    movw    %ss, %ax
    movw    %ax, %ss
    int3
    ud2
    snippet pending_x87                 // leaves an unmasked x87 exception pending, then spins
    fninit
    movw    $0x033b, -8(%rsp)
    fldcw   -8(%rsp)
    fldz
    fld1
    fdivp   %st, %st(1)
1:  incq    %rax
    jmp     1b
    single  fwait, fwait
    snippet sse_error                   // divides by zero with the exception unmasked
    movl    $0x1d80, -8(%rsp)
    ldmxcsr -8(%rsp)
    xorps   %xmm0, %xmm0
    movl    $1, %eax
    cvtsi2ss %eax, %xmm1
    divss   %xmm0, %xmm1
    ud2
    snippet bad_mxcsr                   // a reserved bit
    movl    $0x80001f80, -8(%rsp)
    ldmxcsr -8(%rsp)
    ud2
    snippet fill_fpu                    // rdi in xmm0-xmm15 and st0-st7, then spins
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movq    %rdi, %xmm\n
    .endr
    movq    %rdi, -8(%rsp)
    fninit
    .rept   8
    fildq   -8(%rsp)
    .endr
    movl    $0x3f80, -8(%rsp)           // MXCSR: another rounding, sticky flags off
    ldmxcsr -8(%rsp)
1:  incq    %rax
    jmp     1b
    snippet read_fpu                    // stores the 512 bytes of FXSAVE at rdi
    fxsave64 (%rdi)
    ud2
    snippet keep_avx                    // keeps rdi in all of ymm0 and ymm15 over rbp yields; rax, rbx = their upper halves
    vmovq   %rdi, %xmm0
    vinsertf128 $1, %xmm0, %ymm0, %ymm0
    vmovaps %ymm0, %ymm15
1:  movq    $-11, %rdx
    syscall
    vextractf128 $1, %ymm0, %xmm1
    vextractf128 $1, %ymm15, %xmm2
    vmovq   %xmm1, %rax
    vmovq   %xmm2, %rbx
    cmpq    %rax, %rdi
    jne     2f
    cmpq    %rbx, %rdi
    jne     2f
    decq    %rbp
    jnz     1b
2:  ud2
    snippet read_avx                    // rax, rbx = upper halves of ymm0 and ymm15
    vextractf128 $1, %ymm0, %xmm1
    vextractf128 $1, %ymm15, %xmm2
    vmovq   %xmm1, %rax
    vmovq   %xmm2, %rbx
    ud2
    single  read_xcr0, xgetbv           // of register ecx
    single  vex, vzeroupper
    single  xsetbv, xsetbv
    single  rdpmc, rdpmc
    single  rdtsc, rdtsc
    single  rdtscp, rdtscp
    single  sysenter, sysenter
    single  sysexit, sysexit
    single  invd, invd
    single  stac, stac
    single  clac, clac
    single  monitor, monitor
    single  mwait, mwait
    single  rsm, rsm
    single  vmcall, vmcall
    single  vmmcall, vmmcall
    single  lldt, lldt %di
    single  lmsw, lmsw %di
    single  write_dr, movq %rdi, %dr0
    single  write_cr8, movq %rdi, %cr8
    single  iret_32, iretl
    single  into, .byte 0xce            // not in 64-bit mode
    single  bound, .byte 0x62, 0x01
    single  int_80, int $0x80
    single  movs, movsq                 // [rdi] = [rsi]
    single  exchange, xchgq %rax, (%rdi)
    single  lock_add, lock addq $1, (%rdi)
    snippet ten_nops
    .rept   10
    nop
    .endr
    ud2

    .balign 16
    snippet int_table
    vector = 0
    .rept   256
    .byte   0xcd, vector
    ud2
    vector = vector + 1
    .endr

    .globl  snippets_end
snippets_end:
    .org    snippets_start + 4096       // an error if they are longer than the page that they are copied to
    .section .note.GNU-stack, "", @progbits
