// SPDX-License-Identifier: BSD-2-Clause
// Two passes over the same pieces: the first counts them by size, the second takes those there is room for.
#include <boot/untyped_plan.hpp>

#include <array>

namespace kernel {
namespace {

/// A number per size of pieces.
using PerSize = std::array<uint16_t, UntypedPiece::most_bits + 1>;

/// Calls `visit` with each piece of the given use, ascending. The region's start is a multiple of 16: all
/// boundaries of held ranges and RAM are.
template <class Visitor>
void for_each_piece(const BootMemory& memory, MemoryUse use, Visitor visit) {
    for (PhysAddr address; address < BootMemory::end;) {
        const MemoryRegion region = memory.region_at(address);
        address = region.range.end;
        if (region.use != use)
            continue;
        for (PhysAddr start = region.range.start; start < region.range.end;) {
            const unsigned bits = piece_bits(start, region.range.end);
            visit(UntypedPiece{start, static_cast<uint8_t>(bits), use == MemoryUse::device});
            start = start + (Word{1} << bits);
        }
    }
}

/// Counts the pieces of one use by size; returns how many there are.
unsigned count_pieces(const BootMemory& memory, MemoryUse use, PerSize& counts) {
    counts.fill(0);
    unsigned total = 0;
    for_each_piece(memory, use, [&](const UntypedPiece& piece) {
        ++counts[piece.size_bits];
        ++total;
    });
    return total;
}

/// Turns `count`, the number of pieces of one size, into how many of them to leave out; returns what surplus remains.
unsigned leave_out(uint16_t& count, unsigned surplus) {
    if (count > surplus)
        count = static_cast<uint16_t>(surplus);
    return surplus - count;
}

/// Adds the pieces of one use except those to leave out; returns the bytes left out.
Word add_pieces(const BootMemory& memory, MemoryUse use, PerSize& surplus, UntypedPlan& plan) {
    Word lost = 0;
    for_each_piece(memory, use, [&](const UntypedPiece& piece) {
        uint16_t& count = surplus[piece.size_bits];
        if (count != 0) {
            --count;
            lost += piece.size();
        } else if (!plan.pieces.push(piece)) {
            lost += piece.size();
        }
    });
    return lost;
}

} // namespace

void make_untyped_plan(const BootMemory& memory, UntypedPlan& plan) {
    PerSize device, ram;
    const unsigned total = count_pieces(memory, MemoryUse::device, device) + count_pieces(memory, MemoryUse::ram, ram);
    constexpr unsigned room = abi::max_boot_untyped;
    unsigned surplus = total > room ? total - room : 0;
    for (unsigned bits = 0; bits < device.size(); ++bits) {
        surplus = leave_out(device[bits], surplus);
        surplus = leave_out(ram[bits], surplus);
    }

    plan.pieces.clear();
    plan.lost_device_bytes = add_pieces(memory, MemoryUse::device, device, plan);
    plan.lost_ram_bytes = add_pieces(memory, MemoryUse::ram, ram, plan);
}

} // namespace kernel
