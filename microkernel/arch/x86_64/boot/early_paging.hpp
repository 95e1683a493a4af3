// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own page tables, made once while it starts: image, window to physical memory, device window
// (mem/layout.hpp). Their PML4 entries 256-511 are copied into every address space and never change afterwards.
// Pure: tables are written through window(), their pages come from BootMemory.
#pragma once

#include <arch/x86_64/cpu/cpuid.hpp>
#include <arch/x86_64/paging/entry.hpp>
#include <boot/boot_memory.hpp>

namespace kernel::x86 {

/// Physical memory that the tables of boot/head.S show, in the window: page tables are made there.
inline constexpr Word early_window_bytes = Word{4} << 30;

/// What a kernel mapping allows. Nothing can be writable and executable.
enum class Mapping : uint8_t { code, constants, data, device };

class KernelTables {
public:
    /// With an empty PML4.
    KernelTables(BootMemory& memory, const CpuFeatures& features);

    /// Maps `range` at `start` in pages as large as alignment and CPU permit. Both are page-aligned.
    void map(VirtAddr start, PhysRange range, Mapping mapping);

    PhysAddr pml4() const { return pml4_; }

private:
    PhysAddr new_table();
    Entry leaf(PhysAddr page, Level level, Mapping mapping) const;

    BootMemory& memory_;
    const CpuFeatures& features_;
    PhysAddr pml4_;
};

/// Physical ranges, ascending; ranges that touch are one.
using RangeList = FixedList<PhysRange, 128>;

/// What the window shows: RAM from 1 MiB up, boot modules included. Not the kernel image. Only before anything but the
/// image is held.
void list_ram(const BootMemory& memory, RangeList& ram);

} // namespace kernel::x86
