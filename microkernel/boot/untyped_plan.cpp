// SPDX-License-Identifier: BSD-2-Clause
#include <boot/untyped_plan.hpp>

#include <lib/bits.hpp>

namespace kernel {
namespace {

constexpr unsigned most_bits = 47;

/// The largest piece that starts at `start` and ends at or below `end`.
constexpr unsigned piece_bits(PhysAddr start, PhysAddr end) {
    const unsigned aligned_bits = start == PhysAddr(0) ? most_bits : lowest_bit(start.raw());
    return std::min({aligned_bits, highest_bit(end - start), most_bits});
}
static_assert(piece_bits(PhysAddr(0), PhysAddr(Word{1} << 47)) == 47);
static_assert(piece_bits(PhysAddr(0x3000), PhysAddr(0x8000)) == 12);
static_assert(piece_bits(PhysAddr(0x8000), PhysAddr(0xb000)) == 13);

/// Whether `a` is left out rather than `b`, where there is no room for both.
constexpr auto gives_way = [](const abi::UntypedDescriptor& a, const abi::UntypedDescriptor& b) {
    return a.size_bits != b.size_bits ? a.size_bits < b.size_bits : a.is_device > b.is_device;
};

void add(abi::UntypedDescriptor piece, UntypedPlan& plan) {
    auto& pieces = plan.pieces;
    if (pieces.push(piece))
        return;
    auto* least = std::min_element(pieces.begin(), pieces.end(), gives_way);
    if (gives_way(*least, piece)) {
        std::rotate(least, least + 1, pieces.end());
        std::swap(pieces.last(), piece);
    }
    (piece.is_device ? plan.lost_device_bytes : plan.lost_ram_bytes) += bit(piece.size_bits);
}

} // namespace

void make_untyped_plan(const BootMemory& memory, UntypedPlan& plan) {
    for (const bool is_device : {true, false}) {
        for (const auto& [range, use] : memory.regions()) {
            if (use == MemoryUse::held || is_device == (use == MemoryUse::ram))
                continue;
            for (PhysAddr at = range.start; at < range.end;) {
                const unsigned bits = piece_bits(at, range.end);
                add({at.raw(), static_cast<uint8_t>(bits), is_device, {}}, plan);
                at = at + bit(bits);
            }
        }
    }
}

} // namespace kernel
