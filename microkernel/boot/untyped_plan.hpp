// SPDX-License-Identifier: BSD-2-Clause
// The list of untyped memory that the root task gets: everything that BootMemory does not hold, cut into naturally
// aligned powers of two, device memory first, each in ascending order.
//
// If that would be more pieces than the boot information has room for, the smallest are left out, of the same size the
// device memory first, so that as little as can be is lost. What is lost is counted. Real memory maps are far from
// that.
#pragma once

#include <abi/boot_info.hpp>
#include <boot/boot_memory.hpp>
#include <lib/fixed_list.hpp>
#include <mem/address.hpp>

#include <cstddef>
#include <cstdint>

namespace kernel {

/// 2^size_bits bytes from `base`, which is a multiple of that.
struct UntypedPiece {
    static constexpr unsigned least_bits = 4;
    static constexpr unsigned most_bits = 47;

    PhysAddr base;
    uint8_t size_bits;
    bool is_device;

    constexpr Word size() const { return Word{1} << size_bits; }
    constexpr PhysRange range() const { return {base, base + size()}; }
};

struct UntypedPlan {
    FixedList<UntypedPiece, abi::max_boot_untyped> pieces;
    Word lost_device_bytes = 0;
    Word lost_ram_bytes = 0;
};

/// The largest piece that starts at `start`, a multiple of 16, and ends at or below `end`. Nothing below 16 bytes.
constexpr unsigned piece_bits(PhysAddr start, PhysAddr end) {
    unsigned bits = 0;
    while (bits < UntypedPiece::most_bits && (start.raw() & (Word{1} << bits)) == 0 && end - start >= (Word{2} << bits))
        ++bits;
    return bits;
}

/// Overwrites `plan` with the list for `memory` as it is now.
void make_untyped_plan(const BootMemory& memory, UntypedPlan& plan);

static_assert(piece_bits(PhysAddr(0), PhysAddr(Word{1} << 47)) == 47);
static_assert(piece_bits(PhysAddr(0x3000), PhysAddr(0x8000)) == 12);
static_assert(piece_bits(PhysAddr(0x8000), PhysAddr(0xb000)) == 13);

} // namespace kernel
