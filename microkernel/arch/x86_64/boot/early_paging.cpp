// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/boot/early_paging.hpp>

#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/paging/walk.hpp>
#include <lib/assert.hpp>

namespace kernel::x86 {

namespace {

/// Bits that only kernel entries have: in tables all rights but ring 3's; in leaves accessed and dirty, so that the CPU
/// never writes to these tables.
constexpr Word present_and_writable = 0x3, accessed_and_dirty = 0x60, global = 0x100;

bool fits(Level level, VirtAddr at, PhysAddr page, PhysAddr end) {
    const Word span = bit(span_bits(level));
    return at.is_aligned_to(span) && page.is_aligned_to(span) && end - page >= span;
}

} // namespace

KernelTables::KernelTables(BootMemory& memory, const CpuFeatures& features)
    : memory_(memory), features_(features), pml4_(new_table()) {}

PhysAddr KernelTables::new_table() {
    const PhysAddr table = memory_.allocate(sizeof(Table), sizeof(Table));
    require(table.raw() < early_window_bytes, "there is not enough memory below 4 GiB");
    stosq_zero(window<void>(table), sizeof(Table));
    return table;
}

Entry KernelTables::leaf(PhysAddr page, Level level, Mapping mapping) const {
    const bool is_device = mapping == Mapping::device;
    const Permissions rights{.write = mapping == Mapping::data || is_device, .execute = mapping == Mapping::code};
    constexpr Word write_back = 0, uncacheable = 3;
    const Entry entry = Entry::page(page, level, rights, is_device ? uncacheable : write_back, features_.no_execute);
    return Entry(entry.raw() | accessed_and_dirty | (features_.global_pages ? global : 0));
}

void KernelTables::map(VirtAddr start, PhysRange range, Mapping mapping) {
    for (PhysAddr page = range.start; page < range.end;) {
        const VirtAddr at = start + (page - range.start);
        Level level = features_.huge_pages ? Level::pdpt : Level::pd;
        while (level != Level::pt && !fits(level, at, page, range.end))
            level = level_below(level);
        WalkResult place = walk(pml4_, at, level);
        for (; place.level != level; place = walk(pml4_, at, level))
            *place.entry = Entry(new_table().raw() | present_and_writable);
        *place.entry = leaf(page, level, mapping);
        page = page + bit(span_bits(level));
    }
}

void list_ram(const BootMemory& memory, RangeList& ram) {
    for (const auto& [range, use] : memory.regions()) {
        if (use != MemoryUse::ram && use != MemoryUse::module)
            continue;
        if (!ram.is_empty() && ram.last().end == range.start)
            ram.last().end = range.end;
        else
            require(ram.push(range), "there are too many separate pieces of RAM");
    }
}

} // namespace kernel::x86
