// SPDX-License-Identifier: BSD-2-Clause
// Cap<T> owns a capability: at the end of its life the capability is deleted and its slot is free again.
#pragma once

#include <sys/cap/cspace.hpp>

namespace sys {

/// A borrowed capability. The type itself is one; this name says so where ownership matters.
template <class T>
using CapRef = T;

/// Owns a capability: the slot is empty again, and given back, when this goes.
template <class T>
class Cap {
public:
    Cap() = default;
    /// Takes over a slot that has been filled with a capability of this type.
    static Cap adopt(Slot slot) { return Cap(std::move(slot)); }

    Cap(Cap&&) = default;
    Cap& operator=(Cap&& other) {
        if (this == &other)
            return *this;
        remove();
        slot_ = std::move(other.slot_);
        return *this;
    }
    ~Cap() { remove(); }

    explicit operator bool() const { return static_cast<bool>(slot_); }
    /// The borrowed capability; null if there is none.
    T get() const { return slot_ ? T(slot_.number()) : T(); }
    operator T() const { return get(); }
    /// What `->` gives: the typed reference, for as long as the owner lives.
    struct Borrowed {
        T object;
        const T* operator->() const { return &object; }
    };
    Borrowed operator->() const { return {get()}; }
    SlotRef ref() const { return slot_.ref(); }
    /// Deletes the capability now.
    void reset() { remove(); }
    /// Gives up ownership: capability and slot stay as they are.
    T detach() {
        const T capability = get();
        slot_.detach();
        return capability;
    }

private:
    explicit Cap(Slot slot) : slot_(std::move(slot)) {}
    void remove() {
        if (slot_)
            static_cast<void>(slot_.ref().remove());
        slot_ = Slot();
    }

    Slot slot_;
};

/// A new object out of `memory`, in a new slot of `space`. `size_bits` counts for untyped, CNode and SchedContext only.
template <class T>
Result<Cap<T>> make_object(CSpace& space, Untyped memory, unsigned size_bits = 0) {
    Slot slot = TRY(space.allocate());
    TRY(space.retype(memory, T::type, size_bits, slot.number()));
    return Cap<T>::adopt(std::move(slot));
}

/// A copy of a capability of the same CSpace, with at most `rights`.
template <class T>
Result<Cap<T>> copy_cap(CSpace& space, T source, Rights rights = Rights::all()) {
    Slot slot = TRY(space.allocate());
    TRY(slot.ref().copy_from(space.at(source.slot()), rights));
    return Cap<T>::adopt(std::move(slot));
}

/// As copy_cap, with a badge.
template <class T>
Result<Cap<T>> mint_cap(CSpace& space, T source, Rights rights, Badge badge) {
    Slot slot = TRY(space.allocate());
    TRY(slot.ref().mint_from(space.at(source.slot()), rights, badge.value));
    return Cap<T>::adopt(std::move(slot));
}

} // namespace sys
