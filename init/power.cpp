// SPDX-License-Identifier: BSD-2-Clause
// ACPI 6.5, chapter 4.8.3.2 "PM1 Control Registers", 4.8.2.5 "Legacy/ACPI Select and the SCI Interrupt".
#include <init/power.hpp>

#include <algorithm>
#include <sys/protocol/process.hpp>
#include <sys/util/log.hpp>

namespace init {

using sys::protocol::process::Error;

const uint8_t* PhysicalMemory::page(Word physical) {
    for (unsigned i = 0; i < count_; ++i)
        if (pages_[i] == physical)
            return reinterpret_cast<const uint8_t*>(base_address + i * page_size);
    if (count_ == capacity)
        return nullptr;
    const auto frame = device_.take(physical, 1);
    const Word address = base_address + count_ * page_size;
    if (!frame || !space_.map(sys::Frame(*frame), address, sys::PageAccess::read_only()))
        return nullptr;
    pages_[count_++] = physical;
    return reinterpret_cast<const uint8_t*>(address);
}

bool PhysicalMemory::read(Word physical, std::span<uint8_t> into) {
    while (!into.empty()) {
        const Word offset = physical % page_size;
        const uint8_t* const bytes = page(physical - offset);
        if (bytes == nullptr)
            return false;
        const size_t count = std::min<size_t>(into.size(), page_size - offset);
        std::copy_n(bytes + offset, count, into.data());
        into = into.subspan(count);
        physical += count;
    }
    return true;
}

Result<sys::IoPorts> Power::ports(uint16_t first, uint16_t last) {
    const Word slot = TRY(slots_.take());
    TRY(sys::IoPortControl(abi::root_slot::io_port_control).issue(first, last, own_cnode.at(slot)));
    return sys::IoPorts(slot);
}

Result<void> Power::enter_acpi_mode(const acpi::PowerOff& how, sys::IoPorts control) {
    constexpr uint16_t sci_enable = 1;
    constexpr unsigned most_polls = 100'000;
    if ((TRY(control.in16(how.pm1a_control)) & sci_enable) != 0 || how.smi_command == 0)
        return {};
    const sys::IoPorts command = TRY(ports(how.smi_command, how.smi_command));
    TRY(command.out8(how.smi_command, how.acpi_enable));
    for (unsigned i = 0; i < most_polls && (TRY(control.in16(how.pm1a_control)) & sci_enable) == 0; ++i) {
    }
    return {};
}

Result<void> Power::off() {
    const acpi::PhysicalReader reader(
        [](void* context, Word physical, std::span<uint8_t> into) {
            return static_cast<PhysicalMemory*>(context)->read(physical, into);
        },
        &memory_);
    const auto how = acpi::find_power_off(reader, rsdp_);
    if (!how) {
        sys::log("INIT: no power-off: {}", acpi::describe(static_cast<acpi::Fault>(how.error().detail(0))));
        return Error::no_power_off;
    }
    const sys::IoPorts control = TRY(ports(how->pm1a_control, static_cast<uint16_t>(how->pm1a_control + 1)));
    TRY(enter_acpi_mode(*how, control));
    sys::log("INIT: powering off");
    TRY(control.out16(how->pm1a_control,
                      acpi::PowerOff::control_word(TRY(control.in16(how->pm1a_control)), how->sleep_type_a)));
    if (how->pm1b_control != 0) {
        const sys::IoPorts second = TRY(ports(how->pm1b_control, static_cast<uint16_t>(how->pm1b_control + 1)));
        TRY(second.out16(how->pm1b_control,
                         acpi::PowerOff::control_word(TRY(second.in16(how->pm1b_control)), how->sleep_type_b)));
    }
    // The machine takes its time to go.
    constexpr Word patience_us = 1'000'000;
    for (const Word asked = clock_.now(); clock_.now() - asked < patience_us;) {
    }
    return Error::no_power_off;
}

} // namespace init
