// SPDX-License-Identifier: BSD-2-Clause
#include <init/untyped_ledger.hpp>

#include <algorithm>
#include <sys/protocol/process.hpp>

namespace init {

using sys::protocol::process::Error;

Result<sys::Untyped> UntypedLedger::give(unsigned holder, unsigned bits) {
    if (bits < min_bits || bits > max_bits)
        return sys::ErrorCode::out_of_range;
    const Word size = Word{1} << bits;
    Account& account = accounts_[holder];
    if (account.given > account.limit || size > account.limit - account.given)
        return sys::Error(Error::quota_exceeded, account.given, account.limit);
    Piece* const place = std::ranges::find_if(pieces_, [](const Piece& piece) { return !piece.memory; });
    if (place == std::end(pieces_))
        return sys::Error(Error::out_of_memory, size);
    Result<sys::UntypedBlock> memory = memory_.allocate(bits);
    if (!memory)
        return sys::Error(Error::out_of_memory, size);
    *place = {memory.take(), holder};
    account.given += size;
    return place->memory.get();
}

void UntypedLedger::take_back(unsigned holder) {
    for (Piece& piece : pieces_)
        if (piece.memory && piece.holder == holder)
            piece.memory = {};
    accounts_[holder].given = 0;
}

} // namespace init
