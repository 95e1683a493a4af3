// SPDX-License-Identifier: BSD-2-Clause
// Which untyped capabilities there are and how they were halved: a buddy system over capabilities. Pure bookkeeping;
// the kernel calls are mem/untyped_allocator.hpp's.
#pragma once

#include <span>
#include <sys/result.hpp>

namespace sys {

/// Which parts of a piece of untyped memory are in use: a binary tree of halves.
class UntypedTree {
public:
    /// A node's place in the storage.
    using Index = uint32_t;
    /// No node.
    static constexpr Index none = ~Index{0};

    /// What has become of a piece.
    enum class State : uint8_t { unused, free, split, taken };
    /// A half, quarter and so on of the piece.
    struct Node {
        Word slot = 0; ///< of its capability
        Index parent = none; ///< none: it came from outside
        Index children = none; ///< the first of two neighbours
        uint8_t bits = 0; ///< log2 of its size
        State state = State::unused;
    };

    /// Borrows the storage, which is all there ever is.
    explicit UntypedTree(std::span<Node> storage) : nodes_(storage) {}

    /// Memory from outside: 2^bits bytes, free.
    Result<Index> add(Word slot, unsigned bits);
    /// The smallest free node of at least 2^bits bytes (the first of them); out_of_memory if there is none.
    Result<Index> find(unsigned bits) const;
    /// Halves a free node; the halves are in `first_slot` and the one behind it. Returns the first half. Error
    /// out_of_range: no room for two more nodes, or the node is not free or too small.
    Result<Index> split(Index index, Word first_slot);
    /// Whether a split would find room.
    bool can_split() const { return find_unused_pair() != none; }
    /// Of a free node.
    void take(Index index);
    /// Frees a taken node. Returns its parent if that can be joined now (both halves are free), else none.
    Index release(Index index);
    /// Forgets the halves of a node, which becomes free. Returns the first of their two slots.
    Word join(Index index);
    /// The parent if both its halves are free, else none.
    Index joinable_parent(Index index) const;

    /// A node by its index.
    const Node& at(Index index) const { return nodes_[index]; }
    /// Free, perhaps not in one piece.
    Word free_bytes() const;

private:
    Index find_unused_pair() const;

    std::span<Node> nodes_;
};

} // namespace sys
