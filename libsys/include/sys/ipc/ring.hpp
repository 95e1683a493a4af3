// SPDX-License-Identifier: BSD-2-Clause
// Ring: bytes from one writer to one reader through memory that both have mapped, without a system call for each message.
// Neither trusts the other: an index that the other side has spoilt is an error, and never leads outside of the ring.
#pragma once

#include <span>
#include <stdint.h>
#include <sys/result.hpp>

namespace sys {

/// What lies in the shared memory: two counts of bytes, each written by one side, on lines of their own; then the bytes.
struct RingMemory {
    alignas(64) uint64_t written;
    alignas(64) uint64_t read;
    alignas(64) uint8_t bytes[1]; ///< as many as the ring has
};

namespace detail {

/// What both ends have in common: where the bytes are. `capacity` is a power of two.
class RingEnd {
protected:
    RingEnd(RingMemory& memory, uint64_t capacity) : memory_(&memory), mask_(capacity - 1) {}

    uint64_t capacity() const { return mask_ + 1; }
    static uint64_t load(const uint64_t& count) { return __atomic_load_n(&count, __ATOMIC_ACQUIRE); }
    static void store(uint64_t& count, uint64_t value) { __atomic_store_n(&count, value, __ATOMIC_RELEASE); }
    /// The two pieces that `size` bytes from `position` on lie in.
    void copy_in(uint64_t position, std::span<const uint8_t> from) {
        const uint64_t start = position & mask_;
        const uint64_t first = from.size() < capacity() - start ? from.size() : capacity() - start;
        __builtin_memcpy(memory_->bytes + start, from.data(), first);
        __builtin_memcpy(memory_->bytes, from.data() + first, from.size() - first);
    }
    void copy_out(uint64_t position, std::span<uint8_t> to) const {
        const uint64_t start = position & mask_;
        const uint64_t first = to.size() < capacity() - start ? to.size() : capacity() - start;
        __builtin_memcpy(to.data(), memory_->bytes + start, first);
        __builtin_memcpy(to.data() + first, memory_->bytes, to.size() - first);
    }

    RingMemory* memory_;
    uint64_t mask_;
    uint64_t own_ = 0; ///< this side's count: what is in the memory is for the other
};

/// The bytes of a ring in `memory`: the largest power of two that fits; 0: not even one.
constexpr uint64_t ring_capacity(uint64_t memory) {
    constexpr uint64_t head = __builtin_offsetof(RingMemory, bytes);
    uint64_t capacity = memory > head ? 1 : 0;
    while (capacity != 0 && capacity * 2 <= memory - head)
        capacity *= 2;
    return capacity;
}

} // namespace detail

/// The end of a ring that puts bytes in.
class RingWriter : detail::RingEnd {
public:
    /// Empties the ring in `memory` (64-aligned), before the reader is told of it. too_long: no room for a ring.
    static Result<RingWriter> create(std::span<uint8_t> memory) {
        const uint64_t capacity = detail::ring_capacity(memory.size());
        if (capacity == 0 || reinterpret_cast<uintptr_t>(memory.data()) % alignof(RingMemory) != 0)
            return Error(ErrorCode::too_long, memory.size());
        auto& ring = *reinterpret_cast<RingMemory*>(memory.data());
        store(ring.written, 0);
        store(ring.read, 0);
        return RingWriter(ring, capacity);
    }
    /// All of it or nothing. busy: no room until the reader has read; bad_message: the reader has spoilt the ring.
    Result<void> write(std::span<const uint8_t> bytes) {
        const uint64_t used = own_ - load(memory_->read);
        if (used > capacity())
            return ErrorCode::bad_message;
        if (bytes.size() > capacity() - used)
            return ErrorCode::busy;
        if (bytes.empty())
            return {};
        copy_in(own_, bytes);
        store(memory_->written, own_ += bytes.size());
        return {};
    }

private:
    using RingEnd::RingEnd;
};

/// The end of a ring that takes bytes out. Nothing that the writer has put into the shared memory is trusted.
class RingReader : detail::RingEnd {
public:
    /// The ring that the writer has made in the same memory.
    static Result<RingReader> open(std::span<uint8_t> memory) {
        const uint64_t capacity = detail::ring_capacity(memory.size());
        if (capacity == 0 || reinterpret_cast<uintptr_t>(memory.data()) % alignof(RingMemory) != 0)
            return Error(ErrorCode::too_long, memory.size());
        return RingReader(*reinterpret_cast<RingMemory*>(memory.data()), capacity);
    }
    /// As many bytes as are there, but at most `to.size()`. bad_message: the writer has spoilt the ring.
    Result<size_t> read(std::span<uint8_t> to) {
        const uint64_t there = load(memory_->written) - own_;
        if (there > capacity())
            return ErrorCode::bad_message;
        const uint64_t size = there < to.size() ? there : to.size();
        if (size == 0)
            return size_t{0};
        copy_out(own_, to.first(size));
        store(memory_->read, own_ += size);
        return size;
    }

private:
    using RingEnd::RingEnd;
};

} // namespace sys
