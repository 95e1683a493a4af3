// SPDX-License-Identifier: BSD-2-Clause
// What does not depend on how memory is reached.
#include <acpi/tables.hpp>

namespace kernel::acpi {

/// Version 1 has only the RSDT. Later ones prefer the XSDT, whose addresses have 64 bits.
Result<RootTable, AcpiError> root_table(const AcpiRootPointer& pointer) {
    const ByteView bytes{std::span<const std::byte>(pointer)};
    const uint8_t revision = bytes.u8(15);
    const PhysAddr rsdt(bytes.u32(16));
    const PhysAddr xsdt(bytes.u64(24));
    if (revision >= 2 && xsdt != PhysAddr(0))
        return RootTable{xsdt, signature("XSDT"), 8};
    if (rsdt != PhysAddr(0))
        return RootTable{rsdt, signature("RSDT"), 4};
    return Failure{AcpiError::no_root_table};
}

Status<AcpiError> check_table(ByteView table, const TableErrors& errors) {
    if (table.u32(4) != table.size())
        return Failure{errors.bad_length};
    if (table.sum() != 0)
        return Failure{errors.bad_checksum};
    return Nothing{};
}

} // namespace kernel::acpi
