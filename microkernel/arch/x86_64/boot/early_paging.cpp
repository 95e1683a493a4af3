// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/boot/early_paging.hpp>

#include <arch/x86_64/cpu/instructions.hpp>
#include <mem/direct_map.hpp>

#include <utility>

namespace kernel::x86 {

namespace {

constexpr Word page_size = page_sizes[0];
constexpr unsigned pml4_level = 3;

/// Index into the table of `level` (0 page table .. 3 PML4).
constexpr unsigned index_of(VirtAddr address, unsigned level) { return address.raw() >> (12 + 9 * level) & 511; }

KernelEntry& entry_of(PhysAddr table, VirtAddr address, unsigned level) {
    return window<KernelEntry>(table)[index_of(address, level)];
}

/// Inserts `range` where it belongs and joins what touches or overlaps.
Status<BootError> add_range(RangeList& list, PhysRange range) {
    if (!list.push(range))
        return Failure{BootError::too_many_memory_entries};
    for (size_t i = list.size() - 1; i > 0 && list[i].start < list[i - 1].start; i--)
        std::swap(list[i], list[i - 1]);
    const size_t count = list.size();
    list.clear(); // the ranges are still there: each is read before its place is taken
    for (size_t i = 0; i < count; i++) {
        const PhysRange next = list[i];
        const bool joins = !list.is_empty() && next.start <= list[list.size() - 1].end;
        if (joins && list[list.size() - 1].end < next.end)
            list[list.size() - 1].end = next.end;
        if (!joins && !list.push(next))
            return Failure{BootError::too_many_memory_entries};
    }
    return Nothing{};
}

Status<BootError> add_pages(RangeList& list, PhysRange range) {
    return add_range(
        list, {PhysAddr(align_down(range.start.raw(), page_size)), PhysAddr(align_up(range.end.raw(), page_size))});
}

} // namespace

KernelEntry KernelEntry::page(PhysAddr address, Mapping mapping, unsigned level, const CpuFeatures& features) {
    Word raw = address.raw() | present | accessed_dirty;
    if (level > 0)
        raw |= large;
    if (features.global_pages)
        raw |= global;
    if (features.no_execute && mapping != Mapping::code)
        raw |= no_execute;
    switch (mapping) {
    case Mapping::code:
    case Mapping::constants: break;
    case Mapping::data: raw |= writable; break;
    case Mapping::device: raw |= writable | uncacheable; break;
    }
    return KernelEntry(raw);
}

Status<BootError> KernelTables::start() {
    pml4_ = TRY(new_table());
    return Nothing{};
}

Result<PhysAddr, BootError> KernelTables::new_table() {
    const PhysAddr table = TRY(memory_.allocate(page_size, page_size, table_limit));
    stosq_zero(window<KernelEntry>(table), page_size);
    return table;
}

Status<BootError> KernelTables::map(VirtAddr start, PhysRange range, Mapping mapping, unsigned largest_level) {
    if (largest_level == 2 && !features_.huge_pages)
        largest_level = 1;
    for (PhysAddr page = range.start; page < range.end;) {
        const VirtAddr at = start + (page - range.start);
        unsigned level = largest_level;
        while (level > 0 && (!at.is_aligned_to(page_sizes[level]) || !page.is_aligned_to(page_sizes[level]) ||
                             range.end - page < page_sizes[level]))
            level--;
        TRY(map_page(at, page, mapping, level));
        page = page + page_sizes[level];
    }
    return Nothing{};
}

Status<BootError> KernelTables::map_page(VirtAddr at, PhysAddr page, Mapping mapping, unsigned leaf_level) {
    PhysAddr table = pml4_;
    for (unsigned level = pml4_level; level > leaf_level; level--) {
        KernelEntry& entry = entry_of(table, at, level);
        if (!entry.is_present())
            entry = KernelEntry::table(TRY(new_table()));
        table = entry.address();
    }
    entry_of(table, at, leaf_level) = KernelEntry::page(page, mapping, leaf_level, features_);
    return Nothing{};
}

KernelEntry KernelTables::find(VirtAddr address) const {
    PhysAddr table = pml4_;
    for (unsigned level = pml4_level;; level--) {
        const KernelEntry entry = entry_of(table, address, level);
        if (!entry.is_present() || level == 0 || entry.is_large())
            return entry;
        table = entry.address();
    }
}

Status<BootError> list_ram(const BootMemory& memory, const BootImage& image, RangeList& ram) {
    ram.clear();
    for (PhysAddr at = BootMemory::ram_start; at < layout::ram_limit;) {
        const MemoryRegion region = memory.region_at(at);
        if (region.use == MemoryUse::ram)
            TRY(add_range(ram, region.range));
        at = region.range.end;
    }
    for (const Module& module : image.modules) {
        if (!module.range.is_empty())
            TRY(add_pages(ram, module.range));
    }
    return add_pages(ram, image.info);
}

Status<BootError> map_kernel(KernelTables& tables, std::span<const ImagePart> image, std::span<const PhysRange> ram) {
    for (const ImagePart& part : image)
        TRY(tables.map(layout::kernel_image + part.range.start.raw(), part.range, part.mapping, 0));
    for (const PhysRange& range : ram)
        TRY(tables.map(layout::physical_window + range.start.raw(), range, Mapping::data));
    return Nothing{};
}

} // namespace kernel::x86
