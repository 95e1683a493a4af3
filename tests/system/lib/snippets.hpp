// SPDX-License-Identifier: BSD-2-Clause
// Pieces of machine code for threads in an address space of their own: position-independent, no stack unless said. Each
// ends in UD2 unless it faults before: then the test reads the registers.
#pragma once

#include <stddef.h>
#include <stdint.h>

extern "C" {
extern const uint8_t snippets_start[];
extern const uint8_t snippets_end[];

// --- what a program may do ---
extern const uint8_t snippet_done[]; ///< UD2 at once
extern const uint8_t snippet_load[]; ///< rax = [rdi]
extern const uint8_t snippet_store[]; ///< [rdi] = rsi
extern const uint8_t snippet_load_byte[]; ///< al = [rdi]
extern const uint8_t snippet_call[]; ///< jumps to rdi
extern const uint8_t snippet_spin[]; ///< counts in rax for ever
extern const uint8_t snippet_count[]; ///< increments [rdi] for ever
extern const uint8_t snippet_syscall[]; ///< SYSCALL with the registers as they are
extern const uint8_t snippet_syscall_then_fs_base[]; ///< the same, then rax = FS base
extern const uint8_t snippet_keep_bases[]; ///< FS and GS base = rdi and rsi; rbp yields later rax and rbx are read back
extern const uint8_t snippet_push[]; ///< pushes for ever: runs down its stack
extern const uint8_t snippet_copy_syscall[]; ///< rax = [rdi], then exit by the foreign number 60 with rdi = rax
extern const uint8_t snippet_sum[]; ///< rax = sum of the rsi words from rdi
extern const uint8_t
    snippet_fpu[]; ///< keeps rdi in xmm0-xmm15, st0 and gs base for rsi turns; rax = 1 if all were kept
extern const uint8_t snippet_segments[]; ///< rax = ds, rbx = es, rcx = fs, r8 = gs, r9 = ss, r10 = cs

// --- what it may not ---
extern const uint8_t snippet_hlt[];
extern const uint8_t snippet_cli[];
extern const uint8_t snippet_sti[];
extern const uint8_t snippet_in[]; ///< IN from port dx
extern const uint8_t snippet_out[]; ///< OUT to port dx
extern const uint8_t snippet_read_cr3[];
extern const uint8_t snippet_write_cr3[]; ///< with rdi
extern const uint8_t snippet_write_cr0[];
extern const uint8_t snippet_write_cr4[];
extern const uint8_t snippet_lgdt[];
extern const uint8_t snippet_lidt[];
extern const uint8_t snippet_ltr[];
extern const uint8_t snippet_rdmsr[]; ///< of register ecx
extern const uint8_t snippet_wrmsr[];
extern const uint8_t snippet_invlpg[];
extern const uint8_t snippet_wbinvd[];
extern const uint8_t snippet_swapgs[];
extern const uint8_t snippet_clts[];
extern const uint8_t snippet_sysret[];
extern const uint8_t snippet_iret[]; ///< to ring 0 through a frame that it pushes
extern const uint8_t snippet_read_dr[];
extern const uint8_t snippet_sgdt[]; ///< stores to [rdi]
extern const uint8_t snippet_sidt[];
extern const uint8_t snippet_sldt[];
extern const uint8_t snippet_str[];
extern const uint8_t snippet_smsw[];
extern const uint8_t snippet_divide[]; ///< by zero
extern const uint8_t snippet_int3[];
extern const uint8_t snippet_int1[];
extern const uint8_t snippet_overflow[]; ///< rax = INT_MAX + 1, with a check that traps if the flag is lost
extern const uint8_t snippet_unaligned[]; ///< with alignment checks on: rax = [rdi]
extern const uint8_t snippet_x87_error[]; ///< divides by zero with the exception unmasked
extern const uint8_t snippet_sse[]; ///< one SSE instruction
extern const uint8_t snippet_read_xmm0[]; ///< rax = xmm0
extern const uint8_t snippet_secret_and_syscall[]; ///< xmm15 = r14, then a SYSCALL
extern const uint8_t snippet_single_step[]; ///< sets TF
extern const uint8_t snippet_stack_load[]; ///< rax = [rsp]
extern const uint8_t snippet_int_table[]; ///< 256 times INT n; UD2, interrupt_stride bytes apart

// --- pieces of traps: see snippets.S ---
extern const uint8_t snippet_load_ds[];
extern const uint8_t snippet_load_es[];
extern const uint8_t snippet_load_fs[];
extern const uint8_t snippet_load_gs[];
extern const uint8_t snippet_load_ss[];
extern const uint8_t snippet_far_return[];
extern const uint8_t snippet_iret_in_ring[];
extern const uint8_t snippet_flags_and_trap[];
extern const uint8_t snippet_flags_over_syscall[];
extern const uint8_t snippet_flags_over_time[];
extern const uint8_t snippet_step_over_syscall[];
extern const uint8_t snippet_step_over_mov_ss[];
extern const uint8_t snippet_mov_ss_int3[];
extern const uint8_t snippet_pending_x87[];
extern const uint8_t snippet_fwait[];
extern const uint8_t snippet_sse_error[];
extern const uint8_t snippet_bad_mxcsr[];
extern const uint8_t snippet_fill_fpu[];
extern const uint8_t snippet_read_fpu[];
extern const uint8_t snippet_keep_avx[];
extern const uint8_t snippet_read_avx[];
extern const uint8_t snippet_read_xcr0[];
extern const uint8_t snippet_vex[];
extern const uint8_t snippet_xsetbv[];
extern const uint8_t snippet_rdpmc[];
extern const uint8_t snippet_rdtsc[];
extern const uint8_t snippet_rdtscp[];
extern const uint8_t snippet_sysenter[];
extern const uint8_t snippet_sysexit[];
extern const uint8_t snippet_invd[];
extern const uint8_t snippet_stac[];
extern const uint8_t snippet_clac[];
extern const uint8_t snippet_monitor[];
extern const uint8_t snippet_mwait[];
extern const uint8_t snippet_rsm[];
extern const uint8_t snippet_vmcall[];
extern const uint8_t snippet_vmmcall[];
extern const uint8_t snippet_lldt[];
extern const uint8_t snippet_lmsw[];
extern const uint8_t snippet_write_dr[];
extern const uint8_t snippet_write_cr8[];
extern const uint8_t snippet_iret_32[];
extern const uint8_t snippet_into[];
extern const uint8_t snippet_bound[];
extern const uint8_t snippet_int_80[];
extern const uint8_t snippet_movs[];
extern const uint8_t snippet_exchange[];
extern const uint8_t snippet_lock_add[];
extern const uint8_t snippet_ten_nops[];
}

namespace test {
inline constexpr size_t interrupt_stride = 4;
}
