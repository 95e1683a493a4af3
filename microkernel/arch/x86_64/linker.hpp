// SPDX-License-Identifier: BSD-2-Clause
// Symbols of kernel.ld and of the stacks in boot/head.S: only their addresses mean something.
#pragma once

extern "C" {

extern const char image_start[], image_end[];   ///< the whole image, page-aligned
extern const char rodata_start[], data_start[]; ///< text ends where rodata starts, rodata where data starts

extern const char entry_text_start[], entry_text_end[]; ///< what ring 3 can enter
extern const char entry_data_start[], entry_data_end[]; ///< and what the CPU and the stubs need for that

// Stacks grow down from `_top`; the page from `_guard` on is not mapped. They are the end of the image, in the order of
// `stacks`: that of the kernel, then those that the TSS numbers from 1 on (cpu/tables.cpp).
extern const char kernel_stack_guard[], kernel_stack_top[];
extern const char double_fault_stack_guard[], double_fault_stack_top[];
extern const char nmi_stack_guard[], nmi_stack_top[];
extern const char machine_check_stack_guard[], machine_check_stack_top[];
extern const char debug_stack_guard[], debug_stack_top[];
extern const char entry_stack_guard[], entry_stack_top[];

} // extern "C"

namespace kernel::x86 {

struct StackSymbols {
    const char *guard, *top;
};
inline constexpr StackSymbols stacks[] = {
    {kernel_stack_guard, kernel_stack_top}, {double_fault_stack_guard, double_fault_stack_top},
    {nmi_stack_guard, nmi_stack_top},       {machine_check_stack_guard, machine_check_stack_top},
    {debug_stack_guard, debug_stack_top},   {entry_stack_guard, entry_stack_top}};

} // namespace kernel::x86
