// SPDX-License-Identifier: BSD-2-Clause
#include <spec/cspace.hpp>

namespace spec {
namespace {

struct Found {
    Slot& slot;
    Word bits_left;
};

/// One CNode after the other takes its guard and its index from the top of the `bits_left` low bits of `pointer`.
Found resolve(const Capability* cnode, Word pointer, Word bits_left) {
    if (!cnode->is(Type::cnode))
        throw invalid_root();
    for (;;) {
        CNode& node = object_of<CNode>(*cnode);
        const Word here = low_bits(pointer, static_cast<unsigned>(bits_left));
        if (cnode->guard_bits > bits_left ||
            (cnode->guard_bits > 0 && here >> (bits_left - cnode->guard_bits) != cnode->guard))
            throw guard_mismatch(bits_left, cnode->guard, cnode->guard_bits);
        const Word taken = cnode->guard_bits + node.radix;
        if (taken > bits_left)
            throw depth_mismatch(bits_left, taken);
        bits_left -= taken;
        Slot& slot = node.slot(low_bits(pointer >> bits_left, node.radix));
        if (bits_left == 0 || !slot.cap.is(Type::cnode))
            return {slot, bits_left};
        cnode = &slot.cap;
    }
}

} // namespace

Slot& lookup(Thread& thread, Word pointer) { return resolve(&thread.cap(cspace), pointer, 64).slot; }

Slot& lookup_slot(const Capability& root, Word index, Word depth, bool is_source) {
    try {
        if (!root.is(Type::cnode))
            throw invalid_root();
        if (depth < 1 || depth > 64)
            throw range_error(1, 64);
        const Found found = resolve(&root, index, depth);
        if (found.bits_left != 0)
            throw depth_mismatch(found.bits_left, 0);
        return found.slot;
    } catch (const LookupFailure& failure) {
        throw failed_lookup(is_source, failure);
    }
}

} // namespace spec
