// SPDX-License-Identifier: BSD-2-Clause
// ObjectAllocator: kernel objects of any kind, and slots for capabilities, from untyped memory that comes in grants as it is
// needed. `Made<T>` owns an object with its memory.
//
// Objects of one size share a stock: pieces of untyped memory of just that size, each with a slot for itself and one for the
// object that is made of it. A piece whose object has gone is used again for the next of that size, never for another size.
#pragma once

#include <sys/cap/cspace.hpp>

namespace sys {

class ObjectAllocator;

/// Where an allocator gets memory from. For a process: init, within the quota of its unit (sys/proc/objects.hpp).
class MemorySource {
public:
    /// Untyped memory of 2^bits bytes, without children, in the empty slot `into`, for good. The error says why there is none.
    virtual Result<void> get(unsigned bits, Word into) = 0;
    /// From now on the CSpace's CNode holds CNodes; the one that it was is the first of them, so that slots keep their numbers.
    virtual Result<void> widen() = 0;

protected:
    ~MemorySource() = default;
};

/// An object with its memory. At the end of its life the object is destroyed with every copy of its capability, wherever it
/// went, and the memory serves the next object of this size. Move-only; its allocator must outlive it.
template <class T>
class [[nodiscard]] Made {
public:
    Made() = default;
    Made(Made&& other) : owner_(std::exchange(other.owner_, nullptr)), piece_(other.piece_), bits_(other.bits_) {}
    Made& operator=(Made&& other);
    ~Made() { reset(); }

    explicit operator bool() const { return owner_ != nullptr; }
    /// The borrowed capability; null if there is none.
    T get() const;
    operator T() const { return get(); }
    /// Destroys the object now.
    void reset();
    /// Stays for as long as the program runs.
    T detach() {
        const T object = get();
        owner_ = nullptr;
        return object;
    }

private:
    friend class ObjectAllocator;
    Made(ObjectAllocator& owner, Word piece, unsigned bits) : owner_(&owner), piece_(piece), bits_(bits) {}

    ObjectAllocator* owner_ = nullptr;
    Word piece_ = 0;
    unsigned bits_ = 0;
};

/// Not for several threads at once.
class ObjectAllocator final : public SlotSource {
public:
    static constexpr unsigned max_bits = 21; ///< of one object: 2 MiB
    /// Pieces from the source.
    static constexpr unsigned max_grants = 64;
    /// log2 of the least, usual and largest piece that is asked for.
    static constexpr unsigned min_grant_bits = 14, usual_grant_bits = 16, max_grant_bits = 20;

    /// A CSpace whose CNode has 2^leaf_bits slots, and may come to hold 2^wide_bits such CNodes. It gets its further slots from
    /// here. `links`: a word for each slot that there may ever be.
    ObjectAllocator(CSpace& cspace, MemorySource& source, std::span<uint16_t> links, unsigned leaf_bits,
                    unsigned wide_bits);
    ObjectAllocator(const ObjectAllocator&) = delete;
    ObjectAllocator& operator=(const ObjectAllocator&) = delete;

    /// A new object. `size_bits` counts for untyped, CNode and SchedContext only. Errors: out_of_range for the size;
    /// out_of_slots when the CSpace is as large as it can be; those of the source, and of the kernel. Nothing has changed then
    /// but that memory or slots that were had on the way are there for the next try.
    template <class T>
    Result<Made<T>> make(unsigned size_bits = 0) {
        const unsigned bits = abi::object_bits(T::type, size_bits);
        const Word piece = TRY(take_piece(bits));
        if (const auto made = cspace_.retype(Untyped(piece), T::type, size_bits, object_slot(piece, bits)); !made) {
            give_back(piece, bits);
            return made.error();
        }
        return Made<T>(*this, piece, bits);
    }

    Result<void> more_slots() override;
    /// Where the objects' capabilities are.
    CSpace& cspace() const { return cspace_; }
    /// Bytes of untyped memory that were had so far.
    Word given_bytes() const { return given_; }

private:
    template <class T>
    friend class Made;
    struct Grant {
        Word slot = 0;
        Word size = 0;
        Word used = 0; ///< bytes from the start: the kernel makes objects upwards, and forgets none of these
    };

    /// Pieces that are made at once: about a page of them, a power of two.
    static constexpr Word batch(unsigned bits) { return bits >= 12 ? 1 : bits <= 7 ? 32 : Word{1} << (12 - bits); }
    static constexpr Word object_slot(Word piece, unsigned bits) { return piece + batch(bits); }

    Result<Word> take_piece(unsigned bits);
    void give_back(Word piece, unsigned bits);
    Result<void> add_batch(unsigned bits);
    Result<Word> take_slots(Word count);
    Result<Grant*> grant_for(Word object_size, Word count);
    Result<void> get_grant(Word size);
    void keep_a_slot();

    CSpace& cspace_;
    MemorySource& source_;
    std::span<uint16_t> links_; ///< by slot: the next piece of the stock
    unsigned leaf_bits_;
    Word most_leaves_;
    Word leaves_ = 1;
    bool is_wide_ = false;
    Word next_grant_slot_ = 0; ///< kept free: a grant must find a slot when there is no other
    Word given_ = 0;
    Grant grants_[max_grants] = {};
    unsigned grant_count_ = 0;
    uint16_t stock_[max_bits + 1] = {}; ///< by size: the first piece without an object; 0 = none
};

template <class T>
T Made<T>::get() const {
    return owner_ == nullptr ? T() : T(ObjectAllocator::object_slot(piece_, bits_));
}

template <class T>
void Made<T>::reset() {
    if (owner_ == nullptr)
        return;
    static_cast<void>(owner_->cspace().at(piece_).revoke());
    std::exchange(owner_, nullptr)->give_back(piece_, bits_);
}

template <class T>
Made<T>& Made<T>::operator=(Made&& other) {
    if (this == &other)
        return *this;
    reset();
    owner_ = std::exchange(other.owner_, nullptr);
    piece_ = other.piece_;
    bits_ = other.bits_;
    return *this;
}

} // namespace sys
