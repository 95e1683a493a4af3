// SPDX-License-Identifier: BSD-2-Clause
// BootMemory: what each physical address is for, while the kernel starts, and boot allocations out of what is free.
#pragma once

#include <lib/fixed_list.hpp>
#include <mem/layout.hpp>

#include <span>

namespace kernel {

/// Of two claims to an address the later one in this list wins, whichever came first.
enum class MemoryUse : uint8_t {
    unreported, ///< as `device`; none is left after settle()
    ram,        ///< reported usable
    device,     ///< reported as anything else, or below 1 MiB: untyped memory that the kernel never looks at
    module,     ///< a boot module's: device memory for the root task
    held,       ///< kept by the kernel, or given to the root task already: never handed out
};

struct MemoryRegion {
    PhysRange range;
    MemoryUse use;
};

class BootMemory {
public:
    static constexpr size_t max_regions = 512;
    /// Physical addresses handed out at all, as device memory if there is no RAM: 0 up to 2^47.
    static constexpr PhysAddr end{Word{1} << 47};
    static constexpr PhysAddr ram_start{Word{1} << 20};
    /// The last 16 bytes below 4 GiB belong to nobody, as the contract says.
    static constexpr PhysRange firmware_reset_vector{PhysAddr(0xffff'fff0), PhysAddr(0x1'0000'0000)};

    /// All memory is unreported.
    void start();

    void claim(PhysRange range, MemoryUse use);

    /// Once all that is reported has been claimed. RAM counts in whole pages from 1 MiB on: what an unaligned boundary
    /// cuts off a page is device memory. Usable memory at or above layout::ram_limit is held, as long as nothing
    /// protects it from being named by cookies.
    void settle();

    /// The lowest free RAM of `bytes` (rounded up to pages) aligned to `alignment` (a power of two, at least a page). It
    /// is held from then on.
    PhysAddr allocate(Word bytes, Word alignment);

    /// All addresses below `end`, ascending. Two regions in a row have different uses.
    std::span<const MemoryRegion> regions() const { return regions_; }
    /// The region that holds `address`, which is below `end`.
    MemoryRegion region_at(PhysAddr address) const;

    /// Bytes of all RAM.
    Word free_bytes() const;

private:
    void split(PhysAddr address);

    FixedList<MemoryRegion, max_regions> regions_;
};

} // namespace kernel
