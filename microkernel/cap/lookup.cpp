// SPDX-License-Identifier: BSD-2-Clause
#include <cap/lookup.hpp>
#include <lib/count.hpp>

namespace kernel {

Result<ResolvedSlot, LookupError> resolve(const Capability& root, Word pointer, unsigned depth) {
    if (!root.is(CapType::cnode)) [[unlikely]]
        return Failure{LookupError::invalid_root()};
    Capability node = root;
    unsigned bits_left = depth;
    // Every CNode takes at least one bit (radix >= 1), so at most 64 rounds.
    for (unsigned levels = 1;; levels++) {
        const unsigned guard_size = node.guard_size();
        const unsigned level_bits = guard_size + node.radix();
        if (guard_size != 0) {
            if (guard_size > bits_left || (pointer >> (bits_left - guard_size) & ones(guard_size)) != node.guard())
                [[unlikely]]
                return Failure{LookupError::guard(bits_left, node.guard(), guard_size)};
        }
        if (level_bits > bits_left) [[unlikely]]
            return Failure{LookupError::depth(bits_left, level_bits)};
        bits_left -= level_bits;
        Slot* slot = cnode_slots(node) + (pointer >> bits_left & ones(node.radix()));
        if (bits_left == 0 || !slot->cap.is(CapType::cnode)) [[likely]] {
            constexpr unsigned deep = 16; // and one system call may follow nine pointers
            if (levels > deep)
                let_interrupts_in();
            return ResolvedSlot{slot, bits_left};
        }
        node = slot->cap;
    }
}

Answer<Slot*> lookup_slot(const Capability& root, Word index, Word depth, bool of_source) {
    if (!root.is(CapType::cnode))
        return refuse(SyscallError::failed_lookup(of_source, LookupError::invalid_root()));
    TRY(in_range(depth, 1, abi::word_bits));
    const auto resolved = resolve(root, index, static_cast<unsigned>(depth));
    if (!resolved)
        return refuse(SyscallError::failed_lookup(of_source, resolved.error()));
    if (resolved->bits_left != 0)
        return refuse(SyscallError::failed_lookup(of_source, LookupError::depth(resolved->bits_left, 0)));
    return resolved->slot;
}

Answer<Slot*> lookup_empty_slot(const Capability& root, Word index, Word depth) {
    Slot* const slot = TRY(lookup_slot(root, index, depth, false));
    if (!slot->is_empty())
        return refuse(SyscallError::delete_first());
    return slot;
}

} // namespace kernel
