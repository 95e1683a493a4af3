// SPDX-License-Identifier: BSD-2-Clause
// The interrupt controllers as the MADT describes them (ACPI Specification 6.5, section 5.2.12).
#pragma once

#include <acpi/acpi_error.hpp>
#include <lib/byte_view.hpp>
#include <lib/fixed_list.hpp>
#include <lib/result.hpp>
#include <mem/address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace kernel {

/// An I/O APIC; its pin n is global system interrupt `first_interrupt` + n. How many pins it has it says itself.
struct IoApic {
    PhysAddr address;
    uint32_t first_interrupt;
    uint8_t id;
};

/// Where an ISA interrupt line arrives, and how it is to be programmed.
struct IsaRoute {
    uint32_t global_interrupt;
    bool active_low;
    bool level_triggered;
};

struct InterruptControllers {
    static constexpr size_t max_io_apics = 16;
    static constexpr size_t isa_lines = 16;

    PhysAddr local_apic;
    FixedList<IoApic, max_io_apics> io_apics;   ///< as the table orders them, at least one
    std::array<IsaRoute, isa_lines> isa_routes; ///< line n is interrupt n, high, edge-triggered, unless overridden
    uint32_t enabled_processors;
    bool has_legacy_pics; ///< two 8259s are there and must be masked
};

/// Reads a whole MADT, header included, whose length and checksum were checked. Harmless: entries of other types;
/// overrides of other buses; a second override of a line (the last counts); polarity and trigger mode 2, which are
/// reserved (read as "conforms to the bus").
Status<AcpiError> read_madt(ByteView madt, InterruptControllers& controllers);

} // namespace kernel
