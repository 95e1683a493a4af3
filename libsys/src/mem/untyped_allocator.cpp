// SPDX-License-Identifier: BSD-2-Clause
// Splitting by Retype, joining by Revoke.
#include <sys/mem/untyped_allocator.hpp>

namespace sys {

UntypedBlock& UntypedBlock::operator=(UntypedBlock&& other) {
    if (this == &other)
        return *this;
    give_back();
    owner_ = std::exchange(other.owner_, nullptr);
    index_ = other.index_;
    return *this;
}

Untyped UntypedBlock::get() const { return owner_ == nullptr ? Untyped() : Untyped(owner_->tree_.at(index_).slot); }

unsigned UntypedBlock::bits() const { return owner_ == nullptr ? 0 : owner_->tree_.at(index_).bits; }

Untyped UntypedBlock::detach() {
    const Untyped memory = get();
    owner_ = nullptr;
    return memory;
}

void UntypedBlock::give_back() {
    if (owner_ != nullptr)
        owner_->release(index_);
    owner_ = nullptr;
}

Result<void> UntypedAllocator::add(Untyped memory, unsigned bits) {
    TRY(tree_.add(memory.slot(), bits));
    return {};
}

Result<UntypedBlock> UntypedAllocator::allocate(unsigned bits) {
    if (bits < abi::min_untyped_bits)
        return ErrorCode::out_of_range;
    UntypedTree::Index index = TRY(tree_.find(bits));
    while (tree_.at(index).bits > bits) {
        auto half = split(index);
        if (!half) {
            join_upwards(tree_.joinable_parent(index)); // nothing stays split for nothing
            return half.error();
        }
        index = *half;
    }
    tree_.take(index);
    return UntypedBlock(*this, index);
}

/// Two halves in two new slots; the first one is returned.
Result<UntypedTree::Index> UntypedAllocator::split(UntypedTree::Index index) {
    if (!tree_.can_split())
        return ErrorCode::out_of_range;
    const Word first = TRY(cspace_.slots().allocate_range(2));
    const UntypedTree::Node& node = tree_.at(index);
    const Result<void> made =
        Untyped(node.slot).retype(abi::ObjectType::untyped, node.bits - 1u, SlotRef{cspace_.cnode(), 0, 0}, first, 2);
    if (!made) {
        static_cast<void>(cspace_.slots().release(first));
        static_cast<void>(cspace_.slots().release(first + 1));
        return made.error();
    }
    return tree_.split(index, first);
}

void UntypedAllocator::release(UntypedTree::Index index) {
    static_cast<void>(cspace_.at(tree_.at(index).slot).revoke());
    join_upwards(tree_.release(index));
}

/// Joins `parent` if it is one, and then its parents as far as both halves are free.
void UntypedAllocator::join_upwards(UntypedTree::Index parent) {
    while (parent != UntypedTree::none) {
        static_cast<void>(cspace_.at(tree_.at(parent).slot).revoke()); // the halves' capabilities go
        const Word first = tree_.join(parent);
        static_cast<void>(cspace_.slots().release(first));
        static_cast<void>(cspace_.slots().release(first + 1));
        parent = tree_.joinable_parent(parent);
    }
}

} // namespace sys
