// SPDX-License-Identifier: BSD-2-Clause
// How ACPI wants the machine to be switched off: found in the firmware's tables, of which nothing is trusted. Pure: memory is
// read through a function. (ACPI specification 6.5, chapters 4.8.3 "Power Management 1 Registers", 5.2, 16.1.3 "\_Sx".)
#pragma once

#include <array>
#include <span>
#include <sys/result.hpp>

namespace init::acpi {

using sys::Result;
using sys::Word;

enum class Fault : Word {
    none = 0,
    unreadable = 1, ///< a table lies where no memory can be read
    bad_checksum,
    bad_length,
    bad_signature,
    no_fadt,
    no_registers, ///< no PM1a control block in I/O space
    no_s5, ///< the DSDT has no \_S5 package that one can read without an interpreter
};

const char* describe(Fault fault);

/// Copies physical memory; false if some of it cannot be read.
class PhysicalReader {
public:
    using Read = bool (*)(void* context, Word physical, std::span<uint8_t> into);
    PhysicalReader(Read read, void* context) : read_(read), context_(context) {}
    bool operator()(Word physical, std::span<uint8_t> into) const { return read_(context_, physical, into); }

private:
    Read read_;
    void* context_;
};

struct PowerOff {
    uint16_t pm1a_control = 0;
    uint16_t pm1b_control = 0; ///< 0: the machine has none
    uint8_t sleep_type_a = 0; ///< 3 bits
    uint8_t sleep_type_b = 0;
    uint16_t smi_command = 0; ///< 0: ACPI mode is always on
    uint8_t acpi_enable = 0;

    /// What is written to a PM1 control register that reads `current`: SLP_TYP in bits 10-12, SLP_EN in bit 13.
    static constexpr uint16_t control_word(uint16_t current, uint8_t sleep_type) {
        return static_cast<uint16_t>((current & ~(7u << 10)) | (sleep_type & 7u) << 10 | 1u << 13);
    }
    constexpr bool operator==(const PowerOff&) const = default;
};

/// `rsdp`: the 36 bytes of the version 2 root pointer. Error: invalid_value with the Fault as detail 0.
Result<PowerOff> find_power_off(const PhysicalReader& read, std::span<const uint8_t> rsdp);

/// The two sleep types of \_S5 in AML code; no_s5 if there is no package that one can read.
Result<std::array<uint8_t, 2>> find_s5(std::span<const uint8_t> aml);

} // namespace init::acpi
