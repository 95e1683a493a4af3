// SPDX-License-Identifier: BSD-2-Clause
// Switching the machine off, as ACPI describes it. Nothing is looked up before it is needed.
#pragma once

#include <init/acpi.hpp>
#include <init/clock.hpp>
#include <init/device_memory.hpp>
#include <init/space_builder.hpp>
#include <sys/cap/io_port.hpp>

namespace init {

/// Reads physical memory by mapping it page by page. Pages stay mapped.
class PhysicalMemory {
public:
    PhysicalMemory(DeviceMemory& device, SpaceBuilder& space) : device_(device), space_(space) {}
    /// False if a page is no device memory, or too many have been asked for.
    bool read(Word physical, std::span<uint8_t> into);

private:
    const uint8_t* page(Word physical);

    static constexpr unsigned capacity = 128;
    static constexpr Word base_address = 0x11'0000'0000;
    DeviceMemory& device_;
    SpaceBuilder& space_;
    Word pages_[capacity] = {};
    unsigned count_ = 0;
};

class Power {
public:
    static constexpr size_t rsdp_size = 36;
    Power(PhysicalMemory& memory, Slots& slots, std::span<const uint8_t> rsdp, Clock clock)
        : memory_(memory), slots_(slots), rsdp_(rsdp), clock_(clock) {}

    /// Does not return if it succeeds.
    Result<void> off();

private:
    Result<sys::IoPorts> ports(uint16_t first, uint16_t last);
    Result<void> enter_acpi_mode(const acpi::PowerOff& how, sys::IoPorts control);

    PhysicalMemory& memory_;
    Slots& slots_;
    std::span<const uint8_t> rsdp_;
    Clock clock_;
};

} // namespace init
