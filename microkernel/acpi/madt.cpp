// SPDX-License-Identifier: BSD-2-Clause
#include <acpi/madt.hpp>

#include <lib/assert.hpp>

namespace kernel {
namespace {

/// Every table starts with it: signature, length of the whole table, revision, checksum, who made it.
constexpr Word header_size = 36;
/// No real root table or MADT comes near; it bounds what is summed.
constexpr Word max_table_size = 1 << 20;

/// What the three ways in which a table may be wrong are called.
struct Complaints {
    const char *unreachable, *bad_length, *bad_checksum;
};
constexpr Complaints root_complaints{"the ACPI root table lies outside accessible memory",
                                     "the ACPI root table states an impossible length",
                                     "the ACPI root table has a wrong checksum"};
constexpr Complaints madt_complaints{"the MADT lies outside accessible memory", "the MADT states an impossible length",
                                     "the MADT has a wrong checksum"};

bool has_signature(ByteView table, Text signature) { return table.part(0, 4).text(0) == signature; }

/// The whole table at `address`, checked.
ByteView read_table(ByteView memory, Word address, const Complaints& complaints) {
    require(memory.has(address, header_size), complaints.unreachable);
    const Word length = memory.u32(address + 4);
    require(length >= header_size && length <= max_table_size, complaints.bad_length);
    require(memory.has(address, length), complaints.unreachable);
    const ByteView table = memory.part(address, length);
    require(table.sum() == 0, complaints.bad_checksum);
    return table;
}

/// Address of the first table with this signature that `root` names, by addresses of `pointer_size` bytes; or 0.
Word find_table(ByteView memory, ByteView root, Word pointer_size, Text signature) {
    for (Word offset = header_size; offset < root.size(); offset += pointer_size) {
        const Word address = pointer_size == 8 ? root.u64(offset) : root.u32(offset);
        if (address != 0 && has_signature(memory.part(address, header_size), signature))
            return address;
    }
    return 0;
}

void add_io_apic(PhysAddr address, InterruptControllers& controllers) {
    auto& known = controllers.io_apics;
    require(address != PhysAddr(0) && address.is_aligned_to(4096), "the registers of an I/O APIC do not start a page");
    require(std::ranges::find(known, address) == known.end(), "the MADT names an I/O APIC twice");
    require(known.push(address), "the MADT names too many I/O APICs");
}

} // namespace

void read_madt(ByteView madt, InterruptControllers& controllers) {
    constexpr uint8_t io_apic = 1, local_apic_address = 5;
    constexpr Word entries_offset = 44, entry_header = 2, least_length = 12;
    require(madt.size() >= entries_offset, madt_complaints.bad_length);
    controllers.local_apic = PhysAddr(madt.u32(36));
    for (Word offset = entries_offset; offset < madt.size();) {
        const Word length = madt.u8(offset + 1);
        require(length >= entry_header, "a MADT entry is shorter than its header");
        require(madt.has(offset, length), "a MADT entry extends past the end of the table");
        const uint8_t type = madt.u8(offset);
        require(length >= least_length || (type != io_apic && type != local_apic_address),
                "a MADT entry is shorter than its fields");
        if (type == io_apic)
            add_io_apic(PhysAddr(madt.u32(offset + 4)), controllers);
        if (type == local_apic_address)
            controllers.local_apic = PhysAddr(madt.u64(offset + 4));
        offset += length;
    }
    require(controllers.local_apic != PhysAddr(0) && controllers.local_apic.is_aligned_to(4096),
            "the MADT names no local APIC address");
    require(!controllers.io_apics.is_empty(), "the MADT names no I/O APIC");
}

/// Version 1 has only the RSDT, with addresses of 32 bits. Later ones prefer the XSDT, whose addresses have 64.
void find_interrupt_controllers(const AcpiRootPointer& pointer, ByteView memory, InterruptControllers& controllers) {
    const ByteView bytes{std::span(pointer)};
    const bool has_xsdt = bytes.u8(15) >= 2 && bytes.u64(24) != 0;
    const Word address = has_xsdt ? bytes.u64(24) : bytes.u32(16);
    const Word pointer_size = has_xsdt ? 8 : 4;
    require(address != 0, "the ACPI root pointer names no table");
    const ByteView root = read_table(memory, address, root_complaints);
    require(has_signature(root, has_xsdt ? "XSDT" : "RSDT"), "the ACPI root table is neither RSDT nor XSDT");
    require((root.size() - header_size) % pointer_size == 0, root_complaints.bad_length);
    const Word madt = find_table(memory, root, pointer_size, "APIC");
    require(madt != 0, "there is no ACPI interrupt controller table (MADT)");
    read_madt(read_table(memory, madt, madt_complaints), controllers);
}

} // namespace kernel
