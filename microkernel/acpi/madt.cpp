// SPDX-License-Identifier: BSD-2-Clause
// A list of entries, each with a byte for its type and one for its length, behind a fixed part of 44 bytes.
#include <acpi/madt.hpp>

namespace kernel {
namespace {

constexpr size_t entries_offset = 44;
constexpr size_t entry_header = 2;
constexpr Word page_size = 4096;

namespace entry_type {
constexpr uint8_t local_apic = 0, io_apic = 1, source_override = 2, local_apic_address = 5, local_x2apic = 9;
}

Status<AcpiError> fail(AcpiError error) { return Failure{error}; }

constexpr size_t least_length(uint8_t type) {
    switch (type) {
    case entry_type::local_apic: return 8;
    case entry_type::io_apic: return 12;
    case entry_type::source_override: return 10;
    case entry_type::local_apic_address: return 12;
    case entry_type::local_x2apic: return 16;
    default: return entry_header;
    }
}

Status<AcpiError> add_io_apic(ByteView entry, InterruptControllers& controllers) {
    const IoApic added{PhysAddr(entry.u32(4)), entry.u32(8), entry.u8(2)};
    // Registers lie at 0x00 and 0x10 of it; it need not start a page, but must not leave the one in which it starts.
    if (added.address == PhysAddr(0) || !added.address.is_aligned_to(16) || added.address.raw() % page_size > 0xf00)
        return fail(AcpiError::bad_io_apic_address);
    for (const IoApic& other : controllers.io_apics)
        if (other.address == added.address || other.first_interrupt == added.first_interrupt)
            return fail(AcpiError::duplicate_io_apic);
    return controllers.io_apics.push(added) ? Status<AcpiError>(Nothing{}) : fail(AcpiError::too_many_io_apics);
}

/// Flags: bits 0-1 polarity, 2-3 trigger mode; 0 conforms to the bus, 1 high or edge, 3 low or level.
Status<AcpiError> override_route(ByteView entry, InterruptControllers& controllers) {
    constexpr uint8_t isa_bus = 0;
    if (entry.u8(2) != isa_bus)
        return Nothing{};
    const uint8_t line = entry.u8(3);
    if (line >= InterruptControllers::isa_lines)
        return fail(AcpiError::bad_override);
    const uint16_t flags = entry.u16(8);
    controllers.isa_routes[line] = {entry.u32(4), (flags & 3) == 3, ((flags >> 2) & 3) == 3};
    return Nothing{};
}

Status<AcpiError> read_entry(uint8_t type, ByteView entry, InterruptControllers& controllers) {
    constexpr uint32_t enabled = 1;
    switch (type) {
    case entry_type::local_apic: controllers.enabled_processors += entry.u32(4) & enabled; return Nothing{};
    case entry_type::local_x2apic: controllers.enabled_processors += entry.u32(8) & enabled; return Nothing{};
    case entry_type::local_apic_address: controllers.local_apic = PhysAddr(entry.u64(4)); return Nothing{};
    case entry_type::io_apic: return add_io_apic(entry, controllers);
    case entry_type::source_override: return override_route(entry, controllers);
    default: return Nothing{};
    }
}

void start(ByteView madt, InterruptControllers& controllers) {
    controllers.local_apic = PhysAddr(madt.u32(36));
    controllers.has_legacy_pics = (madt.u32(40) & 1) != 0;
    controllers.enabled_processors = 0;
    controllers.io_apics.clear();
    for (uint32_t line = 0; line < InterruptControllers::isa_lines; ++line)
        controllers.isa_routes[line] = {line, false, false};
}

} // namespace

Status<AcpiError> read_madt(ByteView madt, InterruptControllers& controllers) {
    if (madt.size() < entries_offset)
        return fail(AcpiError::madt_bad_length);
    start(madt, controllers);
    for (size_t offset = entries_offset; offset < madt.size();) {
        const uint8_t type = madt.u8(offset);
        const uint8_t length = madt.u8(offset + 1);
        if (length < entry_header)
            return fail(AcpiError::madt_entry_too_short);
        if (!madt.has(offset, length))
            return fail(AcpiError::madt_entry_past_end);
        if (length < least_length(type))
            return fail(AcpiError::madt_entry_bad_length);
        TRY(read_entry(type, madt.part(offset, length), controllers));
        offset += length;
    }
    if (controllers.local_apic == PhysAddr(0) || !controllers.local_apic.is_aligned_to(page_size))
        return fail(AcpiError::no_local_apic);
    return controllers.io_apics.is_empty() ? fail(AcpiError::no_io_apic) : Status<AcpiError>(Nothing{});
}

} // namespace kernel
