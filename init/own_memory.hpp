// SPDX-License-Identifier: BSD-2-Clause
// The RAM that init keeps for itself: a list of untypeds, tried in turn. What is made of it stays, except allotments,
// which are untypeds of their own and are revoked and used again.
#pragma once

#include <init/slots.hpp>
#include <sys/cap/untyped.hpp>

namespace init {

class OwnMemory {
public:
    explicit OwnMemory(Slots& slots) : slots_(slots) {}

    Slots& slots() { return slots_; }
    /// More untypeds than it can hold are left alone.
    void add(Word untyped_slot) {
        if (count_ < capacity)
            untyped_[count_++] = untyped_slot;
    }

    /// `count` objects in neighbouring slots from `slot` on.
    Result<void> make_at(abi::ObjectType type, unsigned size_bits, Word slot, Word count = 1);
    /// One object in a new slot.
    Result<Word> make(abi::ObjectType type, unsigned size_bits = 0);

private:
    static constexpr unsigned capacity = 64;
    Slots& slots_;
    Word untyped_[capacity] = {};
    unsigned count_ = 0;
};

} // namespace init
