// SPDX-License-Identifier: BSD-2-Clause
// CNode: a table of capability slots, and the operations that copy, move and remove capabilities.
#pragma once

#include <abi/object.hpp>
#include <abi/paging.hpp>
#include <abi/rights.hpp>
#include <span>
#include <sys/cap/object.hpp>

namespace sys {

using abi::Rights;

struct SlotRef;

/// A table of capabilities.
class CNode : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::cnode;
    using Object::Object;

    /// The slot that `index` names with all 64 bits: how a program names slots of its own CSpace.
    constexpr SlotRef at(Word index) const;
    /// The slot found by the `depth` (1..64) low bits of `index`.
    constexpr SlotRef at(Word index, unsigned depth) const;
};

/// A slot, named from some CNode down; `depth` = how many bits of `index` to resolve.
struct SlotRef {
    CNode root; ///< where the way begins
    Word index = 0; ///< the slot's number on that way
    unsigned depth = abi::word_bits; ///< bits of it to resolve

    /// A copy of `source` in this empty slot, with at most `rights`.
    Result<void> copy_from(const SlotRef& source, Rights rights = Rights::all()) const {
        return invoke(root, abi::Invocation::cnode_copy, with_caps(source.root), index, depth, source.index,
                      source.depth, rights.raw());
    }
    /// As copy_from, with a badge (endpoints, notifications) or guard word (CNodes, see abi::CNodeData).
    Result<void> mint_from(const SlotRef& source, Rights rights, Word badge) const {
        return invoke(root, abi::Invocation::cnode_mint, with_caps(source.root), index, depth, source.index,
                      source.depth, rights.raw(), badge);
    }
    /// The capability leaves its slot; everything derived from it stays derived.
    Result<void> move_from(const SlotRef& source) const {
        return invoke(root, abi::Invocation::cnode_move, with_caps(source.root), index, depth, source.index,
                      source.depth);
    }
    /// As move_from, changing a CNode's guard word.
    Result<void> mutate_from(const SlotRef& source, Word badge) const {
        return invoke(root, abi::Invocation::cnode_mutate, with_caps(source.root), index, depth, source.index,
                      source.depth, badge);
    }
    /// `source` moves to `pivot`, what was in `pivot` moves here; the data words are guards of CNodes, else 0.
    Result<void> rotate_from(const SlotRef& pivot, const SlotRef& source, Word data_from_pivot = 0,
                             Word data_from_source = 0) const {
        return invoke(root, abi::Invocation::cnode_rotate, with_caps(pivot.root, source.root), index, depth,
                      data_from_pivot, pivot.index, pivot.depth, data_from_source, source.index, source.depth);
    }
    /// Empties the slot. Deleting the last capability destroys the object.
    Result<void> remove() const { return invoke(root, abi::Invocation::cnode_delete, with_caps(), index, depth); }
    /// Deletes everything derived from the capability here, not the capability itself.
    Result<void> revoke() const { return invoke(root, abi::Invocation::cnode_revoke, with_caps(), index, depth); }
    /// Whoever awaits an answer through the reply object here repeats its call or faulting instruction.
    Result<void> recall() const { return invoke(root, abi::Invocation::cnode_recall, with_caps(), index, depth); }

    /// What a slot holds, as CNode.Inspect shows it.
    struct Inspected {
        abi::InspectedSlot slot{0}; ///< type, rights and so on
        Word physical = 0; ///< of the object
        Word detail = 0;   ///< where it is mapped; of untyped memory: bytes given out
    };
    /// What this slot holds.
    Result<Inspected> inspect() const {
        Inspected shown;
        TRY(inspect({&shown, 1}));
        return shown;
    }
    /// What this slot and those behind it hold (at most abi::max_inspect); how many there are.
    Result<unsigned> inspect(std::span<Inspected> slots) const;
    /// Restarts every sender queued with this capability's badge.
    Result<void> cancel_badged_sends() const {
        return invoke(root, abi::Invocation::cnode_cancel_badged_sends, with_caps(), index, depth);
    }
};

constexpr SlotRef CNode::at(Word index) const { return {*this, index, abi::word_bits}; }
constexpr SlotRef CNode::at(Word index, unsigned depth) const { return {*this, index, depth}; }

} // namespace sys
