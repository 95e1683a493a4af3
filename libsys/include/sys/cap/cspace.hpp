// SPDX-License-Identifier: BSD-2-Clause
// A program's own CSpace: its CNode and which slots are free. `Slot` owns a slot number, filled or not.
#pragma once

#include <sys/cap/slot_allocator.hpp>
#include <sys/cap/untyped.hpp>

namespace sys {

class Slot;

/// Where a CSpace gets slots from when it has none left.
class SlotSource {
public:
    /// More slots for the allocator of that CSpace; the error says why there are none.
    virtual Result<void> more_slots() = 0;

protected:
    ~SlotSource() = default;
};

/// Slot numbers are capability pointers: the CNode resolves all 64 bits (guard and index), by itself or with the CNodes in it.
class CSpace {
public:
    /// Borrows both.
    CSpace(CNode cnode, SlotAllocator& slots) : cnode_(cnode), slots_(slots) {}

    /// The root.
    CNode cnode() const { return cnode_; }
    /// Which slots are free.
    SlotAllocator& slots() const { return slots_; }
    /// A slot by its number.
    SlotRef at(Word slot) const { return cnode_.at(slot); }
    /// A free slot; if there is none, of those that the source adds.
    Result<Slot> allocate();
    /// Objects made of `memory`, in neighbouring empty slots from `first` on, all of one CNode.
    Result<void> retype(Untyped memory, abi::ObjectType kind, unsigned size_bits, Word first, Word count = 1) const {
        if (leaf_bits_ == 0)
            return memory.retype(kind, size_bits, SlotRef{cnode_, 0, 0}, first, count);
        const Word leaf = first >> leaf_bits_;
        return memory.retype(kind, size_bits, SlotRef{cnode_, leaf, abi::word_bits - leaf_bits_},
                             first - (leaf << leaf_bits_), count);
    }

    /// Borrowed; null: the slots there are are all.
    void set_source(SlotSource* source) { source_ = source; }
    /// The CNode now holds CNodes of 2^bits slots each: the low `bits` of a slot's number are its place in one of them.
    void set_leaf_bits(unsigned bits) { leaf_bits_ = bits; }

private:
    CNode cnode_;
    SlotAllocator& slots_;
    SlotSource* source_ = nullptr;
    unsigned leaf_bits_ = 0; ///< 0: the slots are the CNode's own
};

/// A slot number that goes back to its CSpace at the end of its life. It does not delete what is in the slot: Cap does.
class Slot {
public:
    Slot() = default;
    /// Takes over a number that was allocated there.
    Slot(CSpace& space, Word number) : space_(&space), number_(number) {}
    Slot(Slot&& other) : space_(std::exchange(other.space_, nullptr)), number_(other.number_) {}
    Slot& operator=(Slot&& other) {
        if (this == &other)
            return *this;
        give_back();
        space_ = std::exchange(other.space_, nullptr);
        number_ = other.number_;
        return *this;
    }
    ~Slot() { give_back(); }

    explicit operator bool() const { return space_ != nullptr; }
    /// The number, which is a capability pointer.
    Word number() const { return number_; }
    /// Whose slot it is.
    CSpace& space() const { return *space_; }
    SlotRef ref() const { return space_->at(number_); }
    /// The number stays taken for good: somebody else owns the slot from now on.
    Word detach() {
        space_ = nullptr;
        return number_;
    }

private:
    void give_back() {
        if (space_ != nullptr)
            static_cast<void>(space_->slots().release(number_));
        space_ = nullptr;
    }

    CSpace* space_ = nullptr;
    Word number_ = 0;
};

inline Result<Slot> CSpace::allocate() {
    if (source_ != nullptr && slots_.free_count() == 0)
        TRY(source_->more_slots());
    return Slot(*this, TRY(slots_.allocate()));
}

} // namespace sys
