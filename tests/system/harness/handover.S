// SPDX-License-Identifier: BSD-2-Clause
// Stands between GRUB and the kernel: starts the ELF file that is its first module with what its second module holds, eight
// bytes of EAX and then the multiboot2 information, in place of what GRUB says.
#include "console.S.inc"

    .set tag_module, 3
    .set segment_load, 1
    // Where the modules are copied first: GRUB may have put them where the kernel is going to be.
    .set kernel_file, 0x2000000
    .set information, 0x3000000

payload:
    leal 8(%ebx), %edx           // first tag
    movl $kernel_file, %edi
next_tag:
    movl (%edx), %eax
    testl %eax, %eax
    jz tags_done
    cmpl $tag_module, %eax
    jne skip_tag
    movl 8(%edx), %esi           // where the module starts and ends
    movl 12(%edx), %ecx
    subl %esi, %ecx
    rep movsb
    movl $information, %edi
skip_tag:
    movl 4(%edx), %eax
    addl $7, %eax
    andl $~7, %eax
    addl %eax, %edx
    jmp next_tag

tags_done:
    movl $kernel_file, %ebp
    movl 32(%ebp), %edx          // e_phoff
    addl %ebp, %edx
    movzwl 56(%ebp), %ebx        // e_phnum
next_segment:
    cmpl $segment_load, (%edx)
    jne skip_segment
    movl 8(%edx), %esi           // p_offset
    addl %ebp, %esi
    movl 24(%edx), %edi          // p_paddr
    movl 32(%edx), %ecx          // p_filesz
    rep movsb
    movl 40(%edx), %ecx          // p_memsz
    subl 32(%edx), %ecx
    xorl %eax, %eax
    rep stosb
skip_segment:
    addl $56, %edx
    decl %ebx
    jnz next_segment

    movl 24(%ebp), %ecx          // e_entry, an address of the upper half: less the kernel's base
    andl $0x7fffffff, %ecx
    movl information, %eax
    movl $information + 8, %ebx
    jmp *%ecx
