// SPDX-License-Identifier: BSD-2-Clause
// Memory that a device reads and writes by itself: buffers whose physical address the driver may tell it (DmaPages= of the unit).
//
// x86 keeps caches and devices coherent, so that buffers are ordinary memory; only the compiler must not move accesses over the
// moments when the device begins and has ended. There is no IOMMU: a device that is told a wrong address writes there.
#pragma once

#include <bit>
#include <span>
#include <string.h>
#include <sys/cap/slot_allocator.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/process.hpp>

namespace sys {

/// Neighbouring pages in physical memory.
struct DmaMemory {
    std::span<uint8_t> bytes; ///< the pages as the program sees them
    Word physical = 0; ///< of the first byte

    /// Those of this process; not_found if its unit has none. A device that an earlier process of the unit has left running may
    /// still write to them: stop it first.
    static Result<DmaMemory> own() {
        const auto given = TRY(call(Endpoint(slot::process_service), protocol::process::DmaMemory{}));
        if (given.pages == 0)
            return ErrorCode::not_found;
        auto* const first = reinterpret_cast<uint8_t*>(protocol::process::dma_address);
        return DmaMemory{{first, given.pages << abi::page_bits}, given.physical};
    }
};

class DmaPool;

/// Memory in one piece, that lies at a multiple of its size rounded up to a power of two (64 bytes at least): so it crosses no
/// border that a device may have. Move-only; goes back to its pool, which must outlive it.
class DmaBuffer {
public:
    DmaBuffer() = default;
    DmaBuffer(DmaBuffer&& other)
        : pool_(std::exchange(other.pool_, nullptr)), bytes_(std::exchange(other.bytes_, {})),
          physical_(other.physical_) {}
    DmaBuffer& operator=(DmaBuffer&& other);
    ~DmaBuffer() { give_back(); }

    explicit operator bool() const { return pool_ != nullptr; }
    /// As many as were asked for.
    std::span<uint8_t> bytes() const { return bytes_; }
    /// What the device is told.
    Word physical() const { return physical_; }
    /// Before the register that makes the device begin: all that was written is in memory.
    void hand_over() const { __atomic_thread_fence(__ATOMIC_RELEASE); }
    /// After the register, or interrupt, that says that the device has ended: what is read from now on is what it has written.
    void take_back() const { __atomic_thread_fence(__ATOMIC_ACQUIRE); }

private:
    friend class DmaPool;
    DmaBuffer(DmaPool& pool, std::span<uint8_t> bytes, Word physical)
        : pool_(&pool), bytes_(bytes), physical_(physical) {}
    void give_back();

    DmaPool* pool_ = nullptr;
    std::span<uint8_t> bytes_;
    Word physical_ = 0;
};

/// Buffers out of one piece of memory. The host's tests give it an array, and any physical address.
class DmaPool {
public:
    static constexpr size_t unit = 64; ///< bytes: the least that a buffer takes
    /// The most that a pool holds.
    static constexpr size_t max_bytes = protocol::process::max_kept_pages << abi::page_bits;

    /// Memory above max_bytes is not used. The physical address is a multiple of `unit`.
    explicit DmaPool(const DmaMemory& memory)
        : memory_(memory), units_(memory.physical / unit, memory.bytes.size() / unit) {}
    DmaPool(const DmaPool&) = delete;
    DmaPool& operator=(const DmaPool&) = delete;

    /// A buffer of zeros. invalid_value: no bytes; too_long: more than a pool has (detail 0); out_of_memory: not so much in one piece
    /// is free.
    Result<DmaBuffer> allocate(size_t size) {
        if (size == 0)
            return ErrorCode::invalid_value;
        if (size > max_bytes)
            return Error(ErrorCode::too_long, max_bytes);
        const auto first = units_.allocate_aligned(units_of(size));
        if (!first)
            return Error(ErrorCode::out_of_memory, size);
        const Word physical = *first * unit;
        const std::span<uint8_t> bytes = memory_.bytes.subspan(physical - memory_.physical, size);
        memset(bytes.data(), 0, size);
        return DmaBuffer(*this, bytes, physical);
    }
    /// Free, perhaps not in one piece.
    size_t free_bytes() const { return units_.free_count() * unit; }

private:
    friend class DmaBuffer;
    static Word units_of(size_t size) { return std::bit_ceil((size + unit - 1) / unit); }

    DmaMemory memory_;
    StaticSlotAllocator<max_bytes / unit> units_; ///< by physical address in units
};

inline DmaBuffer& DmaBuffer::operator=(DmaBuffer&& other) {
    if (this == &other)
        return *this;
    give_back();
    pool_ = std::exchange(other.pool_, nullptr);
    bytes_ = std::exchange(other.bytes_, {});
    physical_ = other.physical_;
    return *this;
}

inline void DmaBuffer::give_back() {
    if (pool_ == nullptr)
        return;
    const Word first = physical_ / DmaPool::unit;
    for (Word i = 0; i < DmaPool::units_of(bytes_.size()); ++i)
        static_cast<void>(pool_->units_.release(first + i));
    pool_ = nullptr;
}

} // namespace sys
