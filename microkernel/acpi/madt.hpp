// SPDX-License-Identifier: BSD-2-Clause
// The interrupt controllers as the MADT describes them, and the way there from the ACPI root pointer through RSDT or
// XSDT (ACPI Specification 6.5, sections 5.2.5-5.2.8 and 5.2.12). The tables are foreign data: what is wrong with the
// root table or the MADT is a panic with a sentence of its own. Any other table is looked at for its signature only, so
// it can do no harm whatever it holds, and one that is out of reach is passed over. Nothing is followed twice, so there
// are no loops.
#pragma once

#include <boot/boot_image.hpp>
#include <lib/byte_view.hpp>

namespace kernel {

struct InterruptControllers {
    static constexpr size_t max_io_apics = 16;

    PhysAddr local_apic;
    FixedList<PhysAddr, max_io_apics> io_apics; ///< as the table orders them, at least one
};

/// `memory`: physical memory from address 0 on, as far as it can be read.
void find_interrupt_controllers(const AcpiRootPointer& pointer, ByteView memory, InterruptControllers& controllers);

/// Reads a whole MADT, header included, whose length and checksum were checked. Entries of other types are nobody's
/// business.
void read_madt(ByteView madt, InterruptControllers& controllers);

} // namespace kernel
