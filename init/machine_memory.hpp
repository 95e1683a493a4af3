// SPDX-License-Identifier: BSD-2-Clause
// How the machine's RAM is divided: small pieces and a few chunks of 2 MiB for init; one chunk of 32 (1 to 8 of them) for
// kernel objects of processes; for the pager all other chunks, and what is large enough in pieces of 1 GiB.
#pragma once

#include <init/own_memory.hpp>

namespace init {

inline constexpr unsigned chunk_bits = 21, giant_bits = 30;
/// Chunks that init keeps: for the pager's CSpace and image, and for the objects of processes.
inline constexpr Word own_chunks = 2;
inline constexpr Word chunks_per_process_chunk = 32, max_process_chunks = 8;

/// Whole chunks in the RAM untypeds, the pager's share.
class ChunkShare {
public:
    ChunkShare(const abi::BootInfo& boot_info) : boot_info_(boot_info) {}
    /// Gives init its part: pieces below a chunk, and `own_chunks` cut from the first untyped that has so many and those for
    /// processes. These are in neighbouring slots.
    Result<void> keep_own(OwnMemory& memory);
    Word first_process_chunk() const { return first_process_chunk_; }
    Word process_chunks() const { return process_chunks_; }
    /// What is left in pieces of one size, `chunk_bits` or `giant_bits`: at most `limit` of them.
    Word count(unsigned bits, Word limit) const;
    /// Makes `count` such pieces in neighbouring slots of a CNode from `offset` on; calls `note(number, physical address)`.
    template <class Note>
    Result<void> hand_over(unsigned bits, sys::CNode cnode, Word offset, Word count, const Note& note) const;

private:
    const abi::UntypedDescriptor& at(Word index) const { return boot_info_.untyped_list[index]; }
    bool is_chunked(Word index) const { return at(index).is_device == 0 && at(index).size_bits >= chunk_bits; }
    /// In pieces of which size an untyped is handed over.
    unsigned piece_bits(Word index) const {
        return at(index).size_bits >= giant_bits && index != source_ ? giant_bits : chunk_bits;
    }
    Word pieces_in(Word index) const {
        return (Word{1} << (at(index).size_bits - piece_bits(index))) - (index == source_ ? kept_chunks() : 0);
    }
    Word kept_chunks() const { return own_chunks + process_chunks_; }

    const abi::BootInfo& boot_info_;
    Word source_ = ~Word{0}; ///< the untyped that init's chunks came from: they are its first
    Word first_process_chunk_ = 0; ///< slot
    Word process_chunks_ = 0;
};

template <class Note>
Result<void> ChunkShare::hand_over(unsigned bits, sys::CNode cnode, Word offset, Word count, const Note& note) const {
    Word done = 0;
    for (Word i = 0; i < boot_info_.untyped.count(); ++i) {
        if (!is_chunked(i) || piece_bits(i) != bits)
            continue;
        const Word here = pieces_in(i);
        Word address = at(i).paddr + (i == source_ ? kept_chunks() << chunk_bits : 0);
        for (Word made = 0; made < here && done < count;) {
            const Word left = here - made < count - done ? here - made : count - done;
            const Word batch = left < abi::max_retype_count ? left : Word{abi::max_retype_count};
            TRY(sys::Untyped(boot_info_.untyped.start + i)
                    .retype(abi::ObjectType::untyped, bits, sys::SlotRef{cnode, 0, 0}, offset + done, batch));
            for (Word k = 0; k < batch; ++k, address += Word{1} << bits)
                note(done + k, address);
            made += batch;
            done += batch;
        }
    }
    return done == count ? Result<void>() : Result<void>(sys::ErrorCode::out_of_memory);
}

} // namespace init
