// SPDX-License-Identifier: BSD-2-Clause
// Dividing the RAM.
#include <init/machine_memory.hpp>

#include <algorithm>

namespace init {

Result<void> ChunkShare::keep_own(OwnMemory& memory) {
    for (Word i = 0; i < boot_info_.untyped.count(); ++i)
        if (at(i).is_device == 0 && at(i).size_bits < chunk_bits)
            memory.add(boot_info_.untyped.start + i);
    const Word all = count(chunk_bits, ~Word{0}) + (count(giant_bits, ~Word{0}) << (giant_bits - chunk_bits));
    process_chunks_ = std::clamp<Word>(all / chunks_per_process_chunk, 1, max_process_chunks);
    for (Word i = 0; i < boot_info_.untyped.count(); ++i) {
        if (!is_chunked(i) || Word{1} << (at(i).size_bits - chunk_bits) < kept_chunks())
            continue;
        const Word slot = TRY(memory.slots().take(kept_chunks()));
        TRY(sys::Untyped(boot_info_.untyped.start + i)
                .retype(abi::ObjectType::untyped, chunk_bits, sys::SlotRef{own_cnode, 0, 0}, slot, kept_chunks()));
        for (Word k = 0; k < own_chunks; ++k)
            memory.add(slot + k);
        first_process_chunk_ = slot + own_chunks;
        source_ = i;
        return {};
    }
    return sys::ErrorCode::out_of_memory;
}

Word ChunkShare::count(unsigned bits, Word limit) const {
    Word count = 0;
    for (Word i = 0; i < boot_info_.untyped.count(); ++i)
        count += is_chunked(i) && piece_bits(i) == bits ? pieces_in(i) : 0;
    return count < limit ? count : limit;
}

} // namespace init
