// SPDX-License-Identifier: BSD-2-Clause
// How the machine's RAM is divided: small pieces and a few chunks of 2 MiB for init, all other chunks for the pager.
#pragma once

#include <init/own_memory.hpp>

namespace init {

inline constexpr unsigned chunk_bits = 21;
/// Chunks that init keeps: for the pager's CSpace and image, and for the objects of processes.
inline constexpr Word own_chunks = 2;

/// Whole chunks in the RAM untypeds, the pager's share.
class ChunkShare {
public:
    ChunkShare(const abi::BootInfo& boot_info) : boot_info_(boot_info) {}
    /// Gives init its part: pieces below a chunk, and `own_chunks` cut from the first untyped that has so many.
    Result<void> keep_own(OwnMemory& memory);
    /// What is left, at most `limit` chunks.
    Word count(Word limit) const;
    /// Makes `count` chunks in neighbouring slots of a CNode from `offset` on; notes their physical addresses.
    Result<void> hand_over(sys::CNode cnode, Word offset, Word count, Word* physical) const;

private:
    const abi::UntypedDescriptor& at(Word index) const { return boot_info_.untyped_list[index]; }
    bool is_chunked(Word index) const { return at(index).is_device == 0 && at(index).size_bits >= chunk_bits; }
    Word chunks_in(Word index) const {
        return (Word{1} << (at(index).size_bits - chunk_bits)) - (index == source_ ? own_chunks : 0);
    }

    const abi::BootInfo& boot_info_;
    Word source_ = ~Word{0}; ///< the untyped that init's chunks came from: they are its first
};

} // namespace init
