// SPDX-License-Identifier: BSD-2-Clause
// Everything that may be wrong with the ACPI tables, each with its own name and sentence.
#pragma once

#include <cstdint>

namespace kernel {

enum class AcpiError : uint8_t {
    no_root_table,
    root_unreachable,
    root_bad_signature,
    root_bad_length,
    root_bad_checksum,
    no_madt,
    madt_unreachable,
    madt_bad_length,
    madt_bad_checksum,
    madt_entry_too_short,
    madt_entry_past_end,
    madt_entry_bad_length,
    no_local_apic,
    no_io_apic,
    too_many_io_apics,
    bad_io_apic_address,
    duplicate_io_apic,
    bad_override,
};

/// One English sentence without a full stop, for the panic line.
constexpr const char* describe(AcpiError error) {
    switch (error) {
    case AcpiError::no_root_table: return "the ACPI root pointer names no table";
    case AcpiError::root_unreachable: return "the ACPI root table lies outside accessible memory";
    case AcpiError::root_bad_signature: return "the ACPI root table is neither RSDT nor XSDT";
    case AcpiError::root_bad_length: return "the ACPI root table states an impossible length";
    case AcpiError::root_bad_checksum: return "the ACPI root table has a wrong checksum";
    case AcpiError::no_madt: return "there is no ACPI interrupt controller table (MADT)";
    case AcpiError::madt_unreachable: return "the MADT lies outside accessible memory";
    case AcpiError::madt_bad_length: return "the MADT states an impossible length";
    case AcpiError::madt_bad_checksum: return "the MADT has a wrong checksum";
    case AcpiError::madt_entry_too_short: return "a MADT entry is shorter than its header";
    case AcpiError::madt_entry_past_end: return "a MADT entry extends past the end of the table";
    case AcpiError::madt_entry_bad_length: return "a MADT entry is shorter than its fields";
    case AcpiError::no_local_apic: return "the MADT names no local APIC address";
    case AcpiError::no_io_apic: return "the MADT names no I/O APIC";
    case AcpiError::too_many_io_apics: return "the MADT names too many I/O APICs";
    case AcpiError::bad_io_apic_address: return "the MADT places an I/O APIC at an impossible address";
    case AcpiError::duplicate_io_apic: return "the MADT names two I/O APICs with the same address or first interrupt";
    case AcpiError::bad_override: return "the MADT overrides an interrupt that ISA does not have";
    }
    return "unknown ACPI error";
}

} // namespace kernel
