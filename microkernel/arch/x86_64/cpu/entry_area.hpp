// SPDX-License-Identifier: BSD-2-Clause
// What the CPU and the entry stubs read when ring 3 enters the kernel: the TSS, a word to put the user's RSP in, and with
// page-table isolation the two sets of tables.
#pragma once

#include <arch/x86_64/context/context.hpp>

namespace kernel::x86 {

/// SDM Vol. 3A, "64-Bit Task State Segment".
struct [[gnu::packed]] Tss {
    uint32_t reserved0;
    Word rsp0; ///< stack pointer for entries from ring 3
    Word rsp1, rsp2;
    Word reserved1;
    Word ist[7]; ///< ist[n - 1] is IST n
    Word reserved2;
    uint16_t reserved3;
    uint16_t io_bitmap; ///< offset from the TSS; beyond its limit = no bitmap
};
static_assert(sizeof(Tss) == 104);

/// trap/*.S count on the offsets; the alignment keeps the TSS in one page.
struct alignas(256) EntryArea {
    Word user_rsp;
    uint32_t padding; ///< puts rsp0 on a multiple of 8
    Tss tss;
    Word kernel_cr3; ///< 0 without isolation
    Word user_cr3; ///< what the way out loads
};
static_assert(offsetof(EntryArea, user_rsp) == 0 && offsetof(EntryArea, tss) + offsetof(Tss, rsp0) == 16);
static_assert(offsetof(EntryArea, kernel_cr3) == 120 && offsetof(EntryArea, user_cr3) == 128);

/// In section .entry_data: with page-table isolation ring 3's tables show it.
extern "C" EntryArea entry_area;

/// From now on entries from ring 3 save the registers in `context`.
inline void enter_into(Context& context) { entry_area.tss.rsp0 = reinterpret_cast<Word>(&context + 1); }

} // namespace kernel::x86
