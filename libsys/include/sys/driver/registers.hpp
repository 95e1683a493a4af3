// SPDX-License-Identifier: BSD-2-Clause
// Device memory: registers at offsets from a device's first one, mapped uncached for the driver that may reach them
// (DeviceMemory= of the unit).
#pragma once

#include <concepts>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/panic.hpp>

namespace sys {

/// What a register is read and written as: at once, never in parts.
template <class T>
concept RegisterValue = std::unsigned_integral<T> && !std::same_as<T, bool>;

/// Each access happens once, and in the program's order. An offset outside, or one that is no multiple of the register's size, is a
/// bug of the driver and stops it. Copies name the same device.
class DeviceRegisters {
public:
    /// Memory that is mapped already; in a host test an array that stands for the device.
    constexpr DeviceRegisters(volatile void* memory, size_t size)
        : memory_(static_cast<volatile uint8_t*>(memory)), size_(size) {}

    /// Maps `size` bytes from a physical address on, which need not be that of a page. process::Error::device_refused: it is no
    /// device's, or not within DeviceMemory=; pager::Error::overlap: it is mapped already.
    static Result<DeviceRegisters> map(Word physical, size_t size) {
        constexpr Word page = Word{1} << abi::page_bits;
        const Word start = physical & ~(page - 1);
        Word end = 0;
        if (size == 0 || __builtin_add_overflow(physical, size + (page - 1), &end))
            return ErrorCode::invalid_value;
        const protocol::process::MapDevice request{start, (end & ~(page - 1)) - start};
        const auto mapped = TRY(call(Endpoint(slot::process_service), request));
        return DeviceRegisters(reinterpret_cast<volatile void*>(mapped.address + (physical - start)), size);
    }

    template <RegisterValue T>
    T read(size_t offset) const {
        return *at<T>(offset);
    }
    template <RegisterValue T>
    void write(size_t offset, T value) const {
        *at<T>(offset) = value;
    }
    /// Bytes that may be reached.
    size_t size() const { return size_; }

private:
    template <RegisterValue T>
    volatile T* at(size_t offset) const {
        require(offset % sizeof(T) == 0 && size_ >= sizeof(T) && offset <= size_ - sizeof(T),
                "device registers: there is none at this offset");
        return reinterpret_cast<volatile T*>(memory_ + offset);
    }

    volatile uint8_t* memory_;
    size_t size_;
};

} // namespace sys
