// SPDX-License-Identifier: BSD-2-Clause
// BootMemory: what each physical address is for, while the kernel starts, and boot allocations out of what is free.
//
// An address below 2^47 is, in this order:
//  held     kept by the kernel, or given to the root task already: never handed out as untyped memory
//  device   a boot module, or not reported usable, or below 1 MiB
//  ram      reported usable, from 1 MiB up to layout::ram_limit; usable memory above that limit is held, as long as
//           nothing protects it from being named by cookies (mem/layout.hpp)
// RAM counts in whole pages only: what an unaligned boundary cuts off a page is device memory.
#pragma once

#include <boot/boot_error.hpp>
#include <boot/boot_image.hpp>
#include <lib/fixed_list.hpp>
#include <lib/result.hpp>
#include <mem/address.hpp>
#include <mem/layout.hpp>

#include <cstdint>
#include <span>

namespace kernel {

enum class MemoryUse : uint8_t { ram, device, held };

/// The longest range of one use around an address, as far as it lies at or above that address.
struct MemoryRegion {
    PhysRange range;
    MemoryUse use;
};

class BootMemory {
public:
    static constexpr size_t max_held = 64;
    static constexpr size_t max_avoided = 8;
    /// Physical addresses handed out at all, as device memory if there is no RAM: 0 up to 2^47.
    static constexpr PhysAddr end{Word{1} << 47};
    static constexpr PhysAddr ram_start{Word{1} << 20};
    /// The last 16 bytes below 4 GiB belong to nobody, as the contract says.
    static constexpr PhysRange firmware_reset_vector{PhysAddr(0xffff'fff0), PhysAddr(0x1'0000'0000)};

    /// Borrows the memory map and the modules of `image`. Nothing else is held or avoided yet.
    void start(const BootImage& image);

    /// Keeps `range`, rounded outwards to pages, for good. Ranges may overlap; those that touch become one.
    Status<BootError> hold(PhysRange range);

    /// Keeps boot allocations out of `range`, which is handed out in the end: the multiboot2 information.
    Status<BootError> avoid(PhysRange range);

    /// The lowest free RAM of `bytes` (rounded up to pages, not 0) aligned to `alignment` (a power of two; at least a
    /// page is used) that ends at or below `limit`. It is held from then on.
    Result<PhysAddr, BootError> allocate(Word bytes, Word alignment, PhysAddr limit = layout::ram_limit);

    /// The region that starts at `address`, which is below `end`. Two regions in a row have different uses, if the
    /// second is asked for at the end of the first.
    MemoryRegion region_at(PhysAddr address) const;

    /// Bytes of all RAM that is neither held nor a module's.
    Word free_bytes() const;

private:
    struct Piece;
    Piece piece_at(PhysAddr address) const;
    bool is_whole_ram_page(PhysAddr page) const;
    Piece page_piece_at(PhysAddr address) const;
    bool find_avoided(PhysRange range, PhysAddr& behind) const;
    Result<PhysAddr, BootError> place_in(PhysRange free, Word bytes, Word alignment) const;

    std::span<const MemoryEntry> map_;
    std::span<const Module> modules_;
    FixedList<PhysRange, max_held> held_;
    FixedList<PhysRange, max_avoided> avoided_;
};

} // namespace kernel
