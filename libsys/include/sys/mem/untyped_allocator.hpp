// SPDX-License-Identifier: BSD-2-Clause
// Untyped memory in powers of two: splits larger untyped capabilities through the kernel and joins them when both
// halves are back. `UntypedBlock` owns a piece: for whoever hands out memory in pieces of many sizes, as init does.
#pragma once

#include <sys/cap/cspace.hpp>
#include <sys/mem/untyped_tree.hpp>

namespace sys {

class UntypedAllocator;

/// Memory of 2^bits bytes. At the end of its life everything made of it is destroyed and it goes back.
class UntypedBlock {
public:
    UntypedBlock() = default;
    UntypedBlock(UntypedAllocator& owner, UntypedTree::Index index) : owner_(&owner), index_(index) {}
    UntypedBlock(UntypedBlock&& other) : owner_(std::exchange(other.owner_, nullptr)), index_(other.index_) {}
    UntypedBlock& operator=(UntypedBlock&& other);
    ~UntypedBlock() { give_back(); }

    explicit operator bool() const { return owner_ != nullptr; }
    /// The borrowed capability; null if there is none.
    Untyped get() const;
    /// log2 of its size; 0 if there is none.
    unsigned bits() const;
    /// Stays taken for good.
    Untyped detach();

private:
    void give_back();

    UntypedAllocator* owner_ = nullptr;
    UntypedTree::Index index_ = UntypedTree::none;
};

/// Pieces of any size out of a few large ones.
class UntypedAllocator {
public:
    /// Borrows both; the halves take slots of `cspace`.
    UntypedAllocator(CSpace& cspace, UntypedTree& tree) : cspace_(cspace), tree_(tree) {}

    /// Hands over an untyped capability without children.
    Result<void> add(Untyped memory, unsigned bits);
    /// 2^bits bytes, bits at least 4.
    Result<UntypedBlock> allocate(unsigned bits);

    /// Where the pieces' capabilities are.
    CSpace& cspace() const { return cspace_; }
    /// Free, perhaps not in one piece.
    Word free_bytes() const { return tree_.free_bytes(); }

private:
    friend class UntypedBlock;
    Result<UntypedTree::Index> split(UntypedTree::Index index);
    void release(UntypedTree::Index index);
    void join_upwards(UntypedTree::Index parent);

    CSpace& cspace_;
    UntypedTree& tree_;
};

} // namespace sys
