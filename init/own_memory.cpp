// SPDX-License-Identifier: BSD-2-Clause
// First fit over a few untypeds.
#include <init/own_memory.hpp>

namespace init {

Result<void> OwnMemory::make_at(abi::ObjectType type, unsigned size_bits, Word slot, Word count) {
    for (unsigned i = 0; i < count_; ++i) {
        const Result<void> made =
            sys::Untyped(untyped_[i]).retype(type, size_bits, sys::SlotRef{own_cnode, 0, 0}, slot, count);
        if (made || made.error() != abi::Error::not_enough_memory)
            return made;
    }
    return sys::ErrorCode::out_of_memory;
}

Result<Word> OwnMemory::make(abi::ObjectType type, unsigned size_bits) {
    const Word slot = TRY(slots_.take());
    TRY(make_at(type, size_bits, slot));
    return slot;
}

} // namespace init
