// SPDX-License-Identifier: BSD-2-Clause
// A program's own CSpace: its CNode and which slots are free. `Slot` owns a slot number, filled or not.
#pragma once

#include <sys/cap/cnode.hpp>
#include <sys/cap/slot_allocator.hpp>

namespace sys {

class Slot;

/// Slot numbers are capability pointers: the CNode resolves all 64 bits (guard and index).
class CSpace {
public:
    CSpace(CNode cnode, SlotAllocator& slots) : cnode_(cnode), slots_(slots) {}

    CNode cnode() const { return cnode_; }
    SlotAllocator& slots() const { return slots_; }
    SlotRef at(Word slot) const { return cnode_.at(slot); }
    Result<Slot> allocate();

private:
    CNode cnode_;
    SlotAllocator& slots_;
};

/// A slot number that goes back to its CSpace at the end of its life. It does not delete what is in the slot: Cap does.
class Slot {
public:
    Slot() = default;
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
    Word number() const { return number_; }
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

inline Result<Slot> CSpace::allocate() { return Slot(*this, TRY(slots_.allocate())); }

} // namespace sys
