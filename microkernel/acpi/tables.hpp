// SPDX-License-Identifier: BSD-2-Clause
// The way from the ACPI root pointer through RSDT or XSDT to the MADT (ACPI Specification 6.5, sections 5.2.5-5.2.8).
// Physical memory is reached only through the caller's accessor. The tables are foreign data: the root table and the
// MADT are checked (AcpiError); any other table is looked at for its signature only, so it can do no harm whatever it
// holds, and one that is out of reach is passed over. Nothing is followed twice, so there are no loops.
#pragma once

#include <acpi/acpi_error.hpp>
#include <acpi/madt.hpp>
#include <boot/boot_image.hpp>
#include <lib/byte_view.hpp>
#include <lib/result.hpp>
#include <mem/address.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel {

/// Gives the bytes of a physical range, or an empty span if not all of them can be read.
template <class Memory>
concept PhysicalBytes = requires(Memory& memory, PhysRange range) {
    { memory.bytes(range) } -> std::same_as<std::span<const std::byte>>;
};

namespace acpi {

/// Every table starts with it: signature, length of the whole table, revision, checksum, who made it.
inline constexpr size_t header_size = 36;
/// No real root table or MADT comes near; it bounds what must be mapped and summed.
inline constexpr uint32_t max_table_size = 1 << 20;
/// First address that no physical address reaches.
inline constexpr Word physical_limit = Word{1} << 52;

constexpr uint32_t signature(const char (&name)[5]) {
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
        value |= static_cast<uint32_t>(static_cast<unsigned char>(name[i])) << (8 * i);
    return value;
}

/// Where the root table lies, and how it names the other tables.
struct RootTable {
    PhysAddr address;
    uint32_t signature;
    uint8_t pointer_size; ///< 4 in an RSDT, 8 in an XSDT
};

Result<RootTable, AcpiError> root_table(const AcpiRootPointer& pointer);

/// What the three ways in which a table may be wrong are called.
struct TableErrors {
    AcpiError unreachable, bad_length, bad_checksum;
};

/// Checks stated length and checksum of a table all of whose bytes are there.
Status<AcpiError> check_table(ByteView table, const TableErrors& errors);

template <PhysicalBytes Memory>
ByteView bytes_at(Memory& memory, PhysAddr address, Word size) {
    if (address.raw() > physical_limit - size)
        return {};
    return ByteView(memory.bytes({address, address + size})).part(0, size);
}

/// The whole table at `address`, checked.
template <PhysicalBytes Memory>
Result<ByteView, AcpiError> read_table(Memory& memory, PhysAddr address, const TableErrors& errors) {
    const ByteView header = bytes_at(memory, address, header_size);
    if (!header.has(0, header_size))
        return Failure{errors.unreachable};
    const uint32_t length = header.u32(4);
    if (length < header_size || length > max_table_size)
        return Failure{errors.bad_length};
    const ByteView table = bytes_at(memory, address, length);
    if (!table.has(0, length))
        return Failure{errors.unreachable};
    TRY(check_table(table, errors));
    return table;
}

/// Address of the first table with this signature, or 0.
template <PhysicalBytes Memory>
PhysAddr find_table(Memory& memory, ByteView root, uint8_t pointer_size, uint32_t wanted) {
    for (Word offset = header_size; root.has(offset, pointer_size); offset += pointer_size) {
        const PhysAddr address(pointer_size == 8 ? root.u64(offset) : root.u32(offset));
        if (address != PhysAddr(0) && bytes_at(memory, address, header_size).u32(0) == wanted)
            return address;
    }
    return PhysAddr(0);
}

} // namespace acpi

/// Finds and reads the MADT.
template <PhysicalBytes Memory>
Status<AcpiError> find_interrupt_controllers(const AcpiRootPointer& pointer, Memory& memory,
                                             InterruptControllers& controllers) {
    constexpr acpi::TableErrors root_errors{AcpiError::root_unreachable, AcpiError::root_bad_length,
                                            AcpiError::root_bad_checksum};
    constexpr acpi::TableErrors madt_errors{AcpiError::madt_unreachable, AcpiError::madt_bad_length,
                                            AcpiError::madt_bad_checksum};
    const acpi::RootTable root = TRY(acpi::root_table(pointer));
    const ByteView root_bytes = TRY(acpi::read_table(memory, root.address, root_errors));
    if (root_bytes.u32(0) != root.signature)
        return Failure{AcpiError::root_bad_signature};
    if ((root_bytes.size() - acpi::header_size) % root.pointer_size != 0)
        return Failure{AcpiError::root_bad_length};
    const PhysAddr madt = acpi::find_table(memory, root_bytes, root.pointer_size, acpi::signature("APIC"));
    if (madt == PhysAddr(0))
        return Failure{AcpiError::no_madt};
    return read_madt(TRY(acpi::read_table(memory, madt, madt_errors)), controllers);
}

} // namespace kernel
