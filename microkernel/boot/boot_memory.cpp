// SPDX-License-Identifier: BSD-2-Clause
// Nothing is sorted and no list of regions is kept: each question walks the few ranges there are. A piece is a stretch
// without any boundary in it; a region is as many pieces of the same use as follow each other.
#include <boot/boot_memory.hpp>

namespace kernel {
namespace {

constexpr Word page_size = 4096;

PhysAddr page_down(PhysAddr address) { return PhysAddr(align_down(address.raw(), page_size)); }
PhysAddr page_up(PhysAddr address) { return PhysAddr(align_up(address.raw(), page_size)); }
/// Rounded outwards, cut off where nothing is handed out any more.
PhysRange whole_pages(PhysRange range) {
    const PhysAddr end = range.end < BootMemory::end ? range.end : BootMemory::end;
    return {page_down(range.start), page_up(end)};
}

/// Finds the first boundary behind an address, and which ranges hold that address.
class Boundary {
public:
    explicit Boundary(PhysAddr address) : address_(address), next_(BootMemory::end) {}

    /// Whether `range` holds the address.
    bool is_inside(PhysRange range) {
        consider(range.start);
        consider(range.end);
        return range.contains(address_);
    }
    void consider(PhysAddr boundary) {
        if (address_ < boundary && boundary < next_)
            next_ = boundary;
    }
    PhysAddr next() const { return next_; }

private:
    PhysAddr address_;
    PhysAddr next_;
};

} // namespace

struct BootMemory::Piece {
    PhysAddr end;
    MemoryUse use;
};

void BootMemory::start(const BootImage& image) {
    map_ = image.memory.values();
    modules_ = image.modules.values();
    held_.clear();
    avoided_.clear();
}

Status<BootError> BootMemory::hold(PhysRange range) {
    const PhysRange pages = whole_pages(range);
    if (range.is_empty() || pages.is_empty())
        return Nothing{};
    for (PhysRange& held : held_) {
        if (pages.start > held.end || held.start > pages.end)
            continue;
        held.start = pages.start < held.start ? pages.start : held.start;
        held.end = pages.end > held.end ? pages.end : held.end;
        return Nothing{};
    }
    return held_.push(pages) ? Status<BootError>(Nothing{}) : Failure{BootError::too_many_held_ranges};
}

Status<BootError> BootMemory::avoid(PhysRange range) {
    if (range.is_empty())
        return Nothing{};
    return avoided_.push(whole_pages(range)) ? Status<BootError>(Nothing{}) : Failure{BootError::too_many_held_ranges};
}

/// Use of `address` and how far it reaches at least, parts of pages counted as they are.
BootMemory::Piece BootMemory::piece_at(PhysAddr address) const {
    Boundary boundary(address);
    bool usable = false, other = false, held = boundary.is_inside(firmware_reset_vector);
    boundary.consider(ram_start);
    boundary.consider(layout::ram_limit);
    for (const PhysRange& range : held_)
        held |= boundary.is_inside(range);
    for (const Module& module : modules_)
        if (!module.range.is_empty())
            other |= boundary.is_inside(whole_pages(module.range));
    for (const MemoryEntry& entry : map_)
        (entry.is_usable() ? usable : other) |= boundary.is_inside(entry.range);

    if (held)
        return {boundary.next(), MemoryUse::held};
    return {boundary.next(), usable && !other && address >= ram_start ? MemoryUse::ram : MemoryUse::device};
}

bool BootMemory::is_whole_ram_page(PhysAddr page) const {
    PhysAddr reached = page;
    while (reached < page + page_size) {
        const Piece piece = piece_at(reached);
        if (piece.use != MemoryUse::ram)
            return false;
        reached = piece.end;
    }
    return true;
}

/// The same, with RAM in whole pages below the limit only.
BootMemory::Piece BootMemory::page_piece_at(PhysAddr address) const {
    const Piece piece = piece_at(address);
    if (piece.use != MemoryUse::ram)
        return piece;
    const bool whole = is_whole_ram_page(page_down(address));
    const PhysAddr page_end = page_down(address) + page_size;
    PhysAddr end = piece.end < page_end ? piece.end : page_end;
    if (whole && page_down(piece.end) > end)
        end = page_down(piece.end);
    if (!whole)
        return {end, MemoryUse::device};
    return {end, address < layout::ram_limit ? MemoryUse::ram : MemoryUse::held};
}

MemoryRegion BootMemory::region_at(PhysAddr address) const {
    Piece piece = page_piece_at(address);
    const MemoryUse use = piece.use;
    PhysAddr reached = piece.end;
    while (reached < end) {
        piece = page_piece_at(reached);
        if (piece.use != use)
            break;
        reached = piece.end;
    }
    return {{address, reached}, use};
}

Word BootMemory::free_bytes() const {
    Word bytes = 0;
    for (PhysAddr address; address < end;) {
        const MemoryRegion region = region_at(address);
        if (region.use == MemoryUse::ram)
            bytes += region.range.size();
        address = region.range.end;
    }
    return bytes;
}

/// Whether something to avoid overlaps `range`, and where it ends.
bool BootMemory::find_avoided(PhysRange range, PhysAddr& behind) const {
    for (const PhysRange& avoided : avoided_) {
        if (avoided.overlaps(range)) {
            behind = avoided.end;
            return true;
        }
    }
    return false;
}

Result<PhysAddr, BootError> BootMemory::place_in(PhysRange free, Word bytes, Word alignment) const {
    PhysAddr candidate = free.start;
    while (true) {
        const PhysAddr place(align_up(candidate.raw(), alignment));
        if (place < candidate || place >= free.end || free.end - place < bytes)
            return Failure{BootError::out_of_memory};
        if (!find_avoided({place, place + bytes}, candidate))
            return place;
    }
}

Result<PhysAddr, BootError> BootMemory::allocate(Word bytes, Word alignment, PhysAddr limit) {
    if (bytes == 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return Failure{BootError::bad_allocation};
    if (bytes > end.raw())
        return Failure{BootError::out_of_memory};
    const Word size = align_up(bytes, page_size);
    for (PhysAddr address = ram_start; address < end && address < limit;) {
        const MemoryRegion region = region_at(address);
        address = region.range.end;
        if (region.use != MemoryUse::ram)
            continue;
        const PhysRange free{region.range.start, limit < region.range.end ? limit : region.range.end};
        const auto place = place_in(free, size, alignment < page_size ? page_size : alignment);
        if (!place)
            continue;
        TRY(hold({*place, *place + size}));
        return *place;
    }
    return Failure{BootError::out_of_memory};
}

} // namespace kernel
