// SPDX-License-Identifier: BSD-2-Clause
// Where GRUB starts the kernel: multiboot2 header, first page tables, long mode, jump to the higher half.
//
// On entry (Multiboot2 specification, "I386 machine state"): 32-bit protected mode, flat segments, paging off,
// interrupts off, EAX = magic number, EBX = physical address of the boot information. No stack.
// On exit: kernel_main(magic, information) on the kernel stack, with the first 4 GiB of physical memory mapped three
// times: at 0 (until the final tables are loaded), in the physical window, and (1 GiB of it) where the kernel is linked.

.set base, 0xffffffff80000000           // virtual - physical address of the image
.set present_writable, 0x3
.set large_page, 0x80
.set multiboot2_magic, 0xe85250d6

    .section .multiboot2, "a"
    .balign 8
header:
    .long multiboot2_magic
    .long 0                             // i386, protected mode
    .long header_end - header
    .long 0x100000000 - multiboot2_magic - (header_end - header)

    .balign 8                           // what we need to be told: 1 command line, 3 modules, 6 memory map
    .short 1, 0
    .long 8 + 3 * 4
    .long 1, 3, 6

    .balign 8                           // modules start on page boundaries
    .short 6, 0
    .long 8

    .balign 8                           // end of the tags
    .short 0, 0
    .long 8
header_end:

    .section .boot.text, "ax"
    .code32
    .globl kernel_start
kernel_start:
    cli
    cld
    movl %eax, %esi                     // magic: survives in ESI
    movl %ebx, %ebp                     // information: survives in EBP

    movl $(bss_start - base), %edi      // clear BSS, in which the tables below lie
    movl $(bss_end - base), %ecx
    subl %edi, %ecx
    shrl $2, %ecx
    xorl %eax, %eax
    rep stosl
    movl $(kernel_stack_top - base), %esp

    movl $0x80000000, %eax              // is there a 64-bit mode?
    cpuid
    cmpl $0x80000001, %eax
    jb no_long_mode
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx
    jnc no_long_mode

    // Page directories: 4 GiB in pages of 2 MiB.
    movl $(boot_directories - base), %edi
    movl $(present_writable | large_page), %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b

    // One PDPT for the identity map and the window, one for the image at -2 GiB.
    movl $(boot_directories - base + present_writable), %eax
    movl %eax, (boot_pdpt_image - base) + 510 * 8
    movl $(boot_pdpt_low - base), %edi
    movl $4, %ecx
2:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    loop 2b

    movl $(boot_pdpt_low - base + present_writable), (boot_pml4 - base)
    movl $(boot_pdpt_low - base + present_writable), (boot_pml4 - base) + 256 * 8
    movl $(boot_pdpt_image - base + present_writable), (boot_pml4 - base) + 511 * 8

    movl $0x20, %eax                    // CR4 = PAE
    movl %eax, %cr4
    movl $(boot_pml4 - base), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              // EFER: LME
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl $0x80010001, %eax              // CR0 = PG, WP, PE; caches on
    movl %eax, %cr0

    lgdt boot_gdt_pointer - base
    ljmp $0x08, $(long_mode - base)

// The one failure that cannot be told in 64-bit code.
no_long_mode:
    movl $(no_long_mode_text - base), %esi
1:  movw $0x3fd, %dx                    // COM1 line status: wait for the transmitter
2:  inb %dx, %al
    testb $0x20, %al
    jz 2b
    lodsb
    testb %al, %al
    jz 3f
    movw $0x3f8, %dx
    outb %al, %dx
    jmp 1b
3:  movb $0x3f, %al                     // panic, to the emulator
    outb %al, $0xf4
4:  hlt
    jmp 4b

    .code64
long_mode:
    xorl %eax, %eax                     // flat data segments do not matter in 64-bit mode
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movq $higher_half, %rax
    jmp *%rax
higher_half:
    movq $kernel_stack_top, %rsp
    movl %esi, %edi                     // magic
    movl %ebp, %esi                     // information; both zero-extended
    xorl %ebp, %ebp                     // the backtrace ends here
    call kernel_main
    ud2

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            // 64-bit code, ring 0, accessed
boot_gdt_pointer:
    .short . - boot_gdt - 1
    .long boot_gdt - base
no_long_mode_text:
    .asciz "\r\nKERNEL PANIC: this CPU has no 64-bit mode\r\n"

    .section .bss.boot_tables, "aw", @nobits
    .balign 4096
boot_pml4:
    .skip 4096
boot_pdpt_low:
    .skip 4096
boot_pdpt_image:
    .skip 4096
boot_directories:
    .skip 4 * 4096

    .section .stacks, "aw", @nobits
.macro stack name, bytes
    .balign 4096
    .globl \name\()_guard, \name\()_top
\name\()_guard:
    .skip 4096
    .skip \bytes
\name\()_top:
.endm
    stack kernel_stack, 16384
    stack double_fault_stack, 8192
    stack nmi_stack, 8192
    stack machine_check_stack, 8192
    stack debug_stack, 4096
    stack entry_stack, 4096
