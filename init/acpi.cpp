// SPDX-License-Identifier: BSD-2-Clause
// RSDP -> XSDT or RSDT -> FADT -> DSDT -> \_S5.
#include <init/acpi.hpp>

#include <string_view>

namespace init::acpi {

namespace {

constexpr size_t header_size = 36;
constexpr uint32_t largest_table = 256 * 1024;
constexpr uint32_t most_tables = 256;

sys::Error fault(Fault which) { return sys::Error(sys::ErrorCode::invalid_value, static_cast<Word>(which)); }

template <class T>
T read_le(std::span<const uint8_t> bytes, size_t offset) {
    Word value = 0;
    for (size_t i = 0; i < sizeof(T) && offset + i < bytes.size(); ++i)
        value |= Word{bytes[offset + i]} << 8 * i;
    return static_cast<T>(value);
}

bool has_signature(std::span<const uint8_t> bytes, std::string_view signature) {
    for (size_t i = 0; i < signature.size(); ++i)
        if (i >= bytes.size() || bytes[i] != static_cast<uint8_t>(signature[i]))
            return false;
    return true;
}

struct Table {
    Word physical = 0;
    uint32_t length = 0;
    std::array<uint8_t, header_size> header{};
};

/// Header and checksum of the table at `physical`.
Result<Table> open_table(const PhysicalReader& read, Word physical) {
    Table table{.physical = physical};
    if (!read(physical, table.header))
        return fault(Fault::unreadable);
    table.length = read_le<uint32_t>(table.header, 4);
    if (table.length < header_size || table.length > largest_table)
        return fault(Fault::bad_length);
    uint8_t sum = 0;
    for (uint32_t at = 0; at < table.length;) {
        std::array<uint8_t, 256> piece{};
        const uint32_t count =
            table.length - at < piece.size() ? table.length - at : static_cast<uint32_t>(piece.size());
        if (!read(physical + at, std::span(piece).first(count)))
            return fault(Fault::unreadable);
        for (uint32_t i = 0; i < count; ++i)
            sum = static_cast<uint8_t>(sum + piece[i]);
        at += count;
    }
    if (sum != 0)
        return fault(Fault::bad_checksum);
    return table;
}

Result<Table> find_table(const PhysicalReader& read, std::span<const uint8_t> rsdp, std::string_view signature) {
    const Word xsdt = read_le<uint8_t>(rsdp, 15) >= 2 ? read_le<uint64_t>(rsdp, 24) : 0;
    const Word root_address = xsdt != 0 ? xsdt : read_le<uint32_t>(rsdp, 16);
    const Table root = TRY(open_table(read, root_address));
    const uint32_t entry_size = xsdt != 0 ? 8 : 4;
    if (!has_signature(root.header, xsdt != 0 ? "XSDT" : "RSDT"))
        return fault(Fault::bad_signature);
    const uint32_t count = (root.length - header_size) / entry_size;
    for (uint32_t i = 0; i < count && i < most_tables; ++i) {
        std::array<uint8_t, 8> entry{};
        if (!read(root_address + header_size + i * entry_size, std::span(entry).first(entry_size)))
            return fault(Fault::unreadable);
        std::array<uint8_t, 4> name{};
        const Word address = read_le<uint64_t>(entry, 0);
        if (!read(address, name) || !has_signature(name, signature))
            continue;
        return open_table(read, address);
    }
    return fault(Fault::no_fadt);
}

/// An AML integer in 0..255 at `at`, which moves behind it (ACPI 20.2.3 "Data Objects Encoding").
bool read_small_integer(std::span<const uint8_t> aml, size_t& at, uint8_t& value) {
    if (at >= aml.size())
        return false;
    const uint8_t prefix = aml[at++];
    if (prefix == 0x00 || prefix == 0x01) { // ZeroOp, OneOp
        value = prefix;
        return true;
    }
    if (prefix != 0x0a || at >= aml.size())
        return false; // BytePrefix
    value = aml[at++];
    return true;
}

/// DefPackage with at least two small integers (ACPI 20.2.5.4): PackageOp PkgLength NumElements elements.
bool read_package(std::span<const uint8_t> aml, size_t at, std::array<uint8_t, 2>& types) {
    if (at + 2 >= aml.size() || aml[at++] != 0x12)
        return false;
    const size_t length_at = at;
    const unsigned more_bytes = aml[at++] >> 6;
    size_t length = more_bytes == 0 ? aml[length_at] & 0x3f : aml[length_at] & 0x0f;
    for (unsigned i = 0; i < more_bytes; ++i) {
        if (at >= aml.size())
            return false;
        length |= size_t{aml[at++]} << (4 + 8 * i);
    }
    if (length > aml.size() - length_at)
        return false;
    const std::span<const uint8_t> body = aml.first(length_at + length);
    if (at >= body.size() || body[at++] < 2)
        return false; // NumElements
    return read_small_integer(body, at, types[0]) && read_small_integer(body, at, types[1]);
}

} // namespace

const char* describe(Fault which) {
    switch (which) {
    case Fault::none: return "nothing is wrong";
    case Fault::unreadable: return "an ACPI table lies where nothing can be read";
    case Fault::bad_checksum: return "an ACPI table with a wrong checksum";
    case Fault::bad_length: return "an ACPI table of an impossible length";
    case Fault::bad_signature: return "an ACPI table of another kind than expected";
    case Fault::no_fadt: return "ACPI has no FADT";
    case Fault::no_registers: return "the FADT names no power-management registers";
    case Fault::no_s5: return "the DSDT does not say how to enter S5";
    }
    return "unknown fault";
}

Result<std::array<uint8_t, 2>> find_s5(std::span<const uint8_t> aml) {
    for (size_t at = 1; at + 4 < aml.size(); ++at) {
        if (!has_signature(aml.subspan(at), "_S5_"))
            continue;
        const bool named = aml[at - 1] == 0x08 || (at >= 2 && aml[at - 1] == '\\' && aml[at - 2] == 0x08); // NameOp
        std::array<uint8_t, 2> types{};
        if (named && read_package(aml, at + 4, types))
            return types;
    }
    return fault(Fault::no_s5);
}

Result<PowerOff> find_power_off(const PhysicalReader& read, std::span<const uint8_t> rsdp) {
    if (rsdp.size() < 36 || !has_signature(rsdp, "RSD PTR "))
        return fault(Fault::bad_signature);
    const Table fadt = TRY(find_table(read, rsdp, "FACP"));
    std::array<uint8_t, 148> fields{};
    const size_t present = fadt.length < fields.size() ? fadt.length : fields.size();
    if (!read(fadt.physical, std::span(fields).first(present)))
        return fault(Fault::unreadable);
    PowerOff result;
    const auto pm1a = read_le<uint32_t>(fields, 64);
    const auto pm1b = read_le<uint32_t>(fields, 68);
    if (pm1a == 0 || pm1a > 0xfffe || pm1b > 0xfffe)
        return fault(Fault::no_registers);
    const auto smi_command = read_le<uint32_t>(fields, 48);
    result.pm1a_control = static_cast<uint16_t>(pm1a);
    result.pm1b_control = static_cast<uint16_t>(pm1b);
    result.smi_command = smi_command <= 0xffff ? static_cast<uint16_t>(smi_command) : uint16_t{0};
    result.acpi_enable = fields[52];
    const Word dsdt_64 = present >= 148 ? read_le<uint64_t>(fields, 140) : 0;
    const Table dsdt = TRY(open_table(read, dsdt_64 != 0 ? dsdt_64 : read_le<uint32_t>(fields, 40)));
    static std::array<uint8_t, largest_table> aml;
    const std::span<uint8_t> bytes = std::span(aml).first(dsdt.length);
    if (!read(dsdt.physical, bytes))
        return fault(Fault::unreadable);
    const std::array<uint8_t, 2> types = TRY(find_s5(bytes.subspan(header_size)));
    result.sleep_type_a = types[0] & 7;
    result.sleep_type_b = types[1] & 7;
    return result;
}

} // namespace init::acpi
