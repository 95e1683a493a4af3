// SPDX-License-Identifier: BSD-2-Clause
// Dividing the RAM.
#include <init/machine_memory.hpp>

namespace init {

Result<void> ChunkShare::keep_own(OwnMemory& memory) {
    for (Word i = 0; i < boot_info_.untyped.count(); ++i)
        if (at(i).is_device == 0 && at(i).size_bits < chunk_bits)
            memory.add(boot_info_.untyped.start + i);
    for (Word i = 0; i < boot_info_.untyped.count(); ++i) {
        if (!is_chunked(i) || chunks_in(i) < own_chunks)
            continue;
        const Word slot = TRY(memory.slots().take(own_chunks));
        TRY(sys::Untyped(boot_info_.untyped.start + i)
                .retype(abi::ObjectType::untyped, chunk_bits, sys::SlotRef{own_cnode, 0, 0}, slot, own_chunks));
        for (Word k = 0; k < own_chunks; ++k)
            memory.add(slot + k);
        source_ = i;
        return {};
    }
    return sys::ErrorCode::out_of_memory;
}

Word ChunkShare::count(Word limit) const {
    Word count = 0;
    for (Word i = 0; i < boot_info_.untyped.count(); ++i)
        count += is_chunked(i) ? chunks_in(i) : 0;
    return count < limit ? count : limit;
}

Result<void> ChunkShare::hand_over(sys::CNode cnode, Word offset, Word count, Word* physical) const {
    Word done = 0;
    for (Word i = 0; i < boot_info_.untyped.count(); ++i) {
        if (!is_chunked(i))
            continue;
        const Word here = chunks_in(i);
        Word address = at(i).paddr + (i == source_ ? own_chunks << chunk_bits : 0);
        for (Word made = 0; made < here && done < count;) {
            const Word left = here - made < count - done ? here - made : count - done;
            const Word batch = left < abi::max_retype_count ? left : Word{abi::max_retype_count};
            TRY(sys::Untyped(boot_info_.untyped.start + i)
                    .retype(abi::ObjectType::untyped, chunk_bits, sys::SlotRef{cnode, 0, 0}, offset + done, batch));
            for (Word k = 0; k < batch; ++k, address += Word{1} << chunk_bits)
                physical[done + k] = address;
            made += batch;
            done += batch;
        }
    }
    return done == count ? Result<void>() : Result<void>(sys::ErrorCode::out_of_memory);
}

} // namespace init
