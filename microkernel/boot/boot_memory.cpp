// SPDX-License-Identifier: BSD-2-Clause
#include <boot/boot_memory.hpp>

#include <lib/assert.hpp>

namespace kernel {
namespace {

constexpr Word page_size = 4096;

PhysAddr page_down(PhysAddr address) { return PhysAddr(align_down(address.raw(), page_size)); }
PhysAddr page_up(PhysAddr address) { return PhysAddr(align_up(address.raw(), page_size)); }

} // namespace

void BootMemory::start() {
    regions_.clear();
    static_cast<void>(regions_.push({{PhysAddr(0), end}, MemoryUse::unreported}));
}

/// Makes `address` a boundary between two regions.
void BootMemory::split(PhysAddr address) {
    for (size_t i = 0; i < regions_.size(); i++) {
        MemoryRegion& region = regions_[i];
        if (region.range.start < address && address < region.range.end) {
            const MemoryRegion rest{{address, region.range.end}, region.use};
            region.range.end = address;
            return require(regions_.insert(i + 1, rest), "the memory map has too many entries");
        }
    }
}

void BootMemory::claim(PhysRange range, MemoryUse use) {
    if (range.is_empty())
        return;
    split(range.start);
    split(range.end);
    size_t kept = 0; // regions of the new list, which is never ahead of the old one
    for (MemoryRegion region : regions_) {
        if (range.contains(region.range))
            region.use = std::max(region.use, use);
        if (kept > 0 && regions_[kept - 1].use == region.use)
            regions_[kept - 1].range.end = region.range.end;
        else
            regions_[kept++] = region;
    }
    regions_.truncate(kept);
}

void BootMemory::settle() {
    claim({PhysAddr(0), ram_start}, MemoryUse::device);
    claim(firmware_reset_vector, MemoryUse::held);
    for (PhysAddr at; at < end;) {
        const MemoryRegion region = region_at(at);
        at = region.range.end;
        const PhysRange pages{page_up(region.range.start), page_down(region.range.end)};
        if (region.use == MemoryUse::unreported || pages.is_empty()) {
            claim(region.range, MemoryUse::device);
        } else if (region.use == MemoryUse::ram) {
            claim({region.range.start, pages.start}, MemoryUse::device);
            claim({pages.end, region.range.end}, MemoryUse::device);
            claim({std::max(pages.start, layout::ram_limit), pages.end}, MemoryUse::held);
        }
    }
}

PhysAddr BootMemory::allocate(Word bytes, Word alignment) {
    ASSERT(bytes > 0 && alignment >= page_size && (alignment & (alignment - 1)) == 0, "boot allocations are sound");
    for (const MemoryRegion& region : regions_) {
        const PhysAddr place(align_up(region.range.start.raw(), alignment));
        if (region.use == MemoryUse::ram && place < region.range.end && bytes <= region.range.end - place) {
            claim({place, page_up(place + bytes)}, MemoryUse::held);
            return place;
        }
    }
    panic("there is not enough memory");
}

MemoryRegion BootMemory::region_at(PhysAddr address) const {
    return *std::ranges::find_if(regions_, [&](const MemoryRegion& region) { return region.range.contains(address); });
}

Word BootMemory::free_bytes() const {
    Word bytes = 0;
    for (const MemoryRegion& region : regions_)
        bytes += region.use == MemoryUse::ram ? region.range.size() : 0;
    return bytes;
}

} // namespace kernel
