// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own page tables, made once while it starts: image, window to physical memory, device window
// (mem/layout.hpp). Their PML4 entries 256-511 are copied into every address space and never change afterwards.
// Pure: tables are written through window(), their pages come from BootMemory.
#pragma once

#include <arch/x86_64/cpu/cpuid.hpp>
#include <boot/boot_memory.hpp>
#include <lib/fixed_list.hpp>
#include <mem/address.hpp>

#include <array>
#include <span>

namespace kernel::x86 {

/// What a kernel mapping allows. Nothing can be writable and executable.
enum class Mapping : uint8_t { code, constants, data, device };

/// Sizes of pages by level: 4 KiB, 2 MiB, 1 GiB.
inline constexpr std::array<Word, 3> page_sizes = {Word{1} << 12, Word{1} << 21, Word{1} << 30};

/// A table entry of the kernel half (SDM Vol. 3A, "Hierarchical Paging Structures").
class KernelEntry {
public:
    constexpr KernelEntry() = default;
    explicit constexpr KernelEntry(Word raw) : raw_(raw) {}
    static constexpr KernelEntry table(PhysAddr address) { return KernelEntry(address.raw() | present | writable); }
    /// Accessed and dirty are set, so that the CPU never writes to these tables.
    static KernelEntry page(PhysAddr address, Mapping mapping, unsigned level, const CpuFeatures& features);

    constexpr bool is_present() const { return (raw_ & present) != 0; }
    constexpr bool is_writable() const { return (raw_ & writable) != 0; }
    constexpr bool is_executable() const { return (raw_ & no_execute) == 0; }
    constexpr bool is_user() const { return (raw_ & user) != 0; }
    constexpr bool is_large() const { return (raw_ & large) != 0; }
    constexpr bool is_uncacheable() const { return (raw_ & uncacheable) == uncacheable; }
    constexpr PhysAddr address() const { return PhysAddr(raw_ & 0x000f'ffff'ffff'f000); }
    constexpr Word raw() const { return raw_; }

private:
    static constexpr Word present = 1 << 0, writable = 1 << 1, user = 1 << 2;
    static constexpr Word uncacheable = 1 << 4 | 1 << 3; ///< PCD, PWT: index 3 of the page attribute table
    static constexpr Word accessed_dirty = 1 << 6 | 1 << 5;
    static constexpr Word large = 1 << 7, global = 1 << 8;
    static constexpr Word no_execute = Word{1} << 63;
    Word raw_ = 0;
};

class KernelTables {
public:
    /// Tables are written through the window of boot/head.S, which shows this much.
    static constexpr PhysAddr table_limit{Word{4} << 30};

    KernelTables(BootMemory& memory, const CpuFeatures& features) : memory_(memory), features_(features) {}

    /// Makes the empty PML4. First of all.
    Status<BootError> start();
    /// Maps `range` at `start` in pages as large as alignment, CPU and `largest_level` permit. Both are page-aligned.
    Status<BootError> map(VirtAddr start, PhysRange range, Mapping mapping, unsigned largest_level = 2);

    PhysAddr pml4() const { return pml4_; }
    /// The leaf entry that maps `address`, or an entry that is not present.
    KernelEntry find(VirtAddr address) const;

private:
    Result<PhysAddr, BootError> new_table();
    Status<BootError> map_page(VirtAddr at, PhysAddr page, Mapping mapping, unsigned level);

    BootMemory& memory_;
    const CpuFeatures& features_;
    PhysAddr pml4_;
};

/// Physical ranges, ascending; ranges that touch are one.
using RangeList = FixedList<PhysRange, BootImage::max_memory_entries + BootImage::max_modules>;

/// What the window shows: RAM from 1 MiB up, boot modules included, and the pages of the multiboot2 information, whose
/// texts are still used. Not the kernel image. Only before anything but the image is held in `memory`.
Status<BootError> list_ram(const BootMemory& memory, const BootImage& image, RangeList& ram);

/// A part of the kernel image and what it is mapped as. Pages in none of them (stack guards) are not mapped.
struct ImagePart {
    PhysRange range;
    Mapping mapping;
};

/// Maps the image in 4 KiB pages, and in the window `ram`. The window has no alias of the image.
Status<BootError> map_kernel(KernelTables& tables, std::span<const ImagePart> image, std::span<const PhysRange> ram);

} // namespace kernel::x86
