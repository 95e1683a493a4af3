// SPDX-License-Identifier: BSD-2-Clause
// What a capability may become when it is copied or moved: who may be copied at all, fewer rights, a badge, a guard.
#pragma once

#include <cap/error.hpp>
#include <cap/slot.hpp>

namespace kernel {

/// The capability that a copy of `source` would be: RevokeFirst for untyped memory with children, IllegalOperation for
/// what cannot be copied. Null capabilities stay null.
Answer<Capability> derive(Slot& source);

/// Rights count for endpoints, notifications, replies and frames; other types ignore them.
inline void mask_rights(Capability& cap, abi::Rights rights) {
    if (cap.is(CapType::endpoint) || cap.is(CapType::notification) || cap.is(CapType::reply) || cap.is(CapType::frame))
        cap.restrict_rights(rights);
}

/// IllegalOperation if guard and radix together are above 64 bits.
inline Checked set_guard(Capability& cnode, Word data) {
    if ((data & 63) + cnode.radix() > abi::word_bits)
        return refuse(SyscallError::illegal_operation());
    const unsigned size = static_cast<unsigned>(data & 63);
    cnode.set_guard((data >> 6 & ones(size)) << 6 | size);
    return ok;
}

/// The datum of Mint, Mutate and Rotate: a guard, or, only where a copy `is_minted`, a badge, once. Other types ignore it.
inline Checked set_data(Capability& cap, Word data, bool is_minted) {
    if (cap.is(CapType::cnode))
        return set_guard(cap, data);
    if (!cap.is(CapType::endpoint) && !cap.is(CapType::notification))
        return ok;
    if (!is_minted || cap.badge() != 0)
        return refuse(SyscallError::illegal_operation());
    cap.set_badge(data);
    return ok;
}

} // namespace kernel
