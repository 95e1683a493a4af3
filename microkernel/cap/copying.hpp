// SPDX-License-Identifier: BSD-2-Clause
// What a capability may become when it is copied or moved: who may be copied at all, fewer rights, a badge, a guard.
#pragma once

#include <cap/error.hpp>
#include <cap/slot.hpp>

namespace kernel {

/// The capability that a copy of `source` would be: RevokeFirst for untyped memory with children, IllegalOperation for
/// what cannot be copied. Null capabilities stay null.
Answer<Capability> derive(Slot& source);

/// Copying untyped memory: no room is left in the source while the copy exists.
void settle_source(Slot& source, const Capability& derived);

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

/// The datum of Mint: a badge, once, or a guard. Other types ignore it.
inline Checked mint_data(Capability& cap, Word data) {
    if (cap.is(CapType::endpoint) || cap.is(CapType::notification)) {
        if (cap.badge() != 0)
            return refuse(SyscallError::illegal_operation());
        cap.set_badge(data);
        return ok;
    }
    return cap.is(CapType::cnode) ? set_guard(cap, data) : Checked(ok);
}

/// The datum of Mutate and Rotate: badges are not given here.
inline Checked mutate_data(Capability& cap, Word data) {
    if (cap.is(CapType::endpoint) || cap.is(CapType::notification))
        return refuse(SyscallError::illegal_operation());
    return cap.is(CapType::cnode) ? set_guard(cap, data) : Checked(ok);
}

} // namespace kernel
