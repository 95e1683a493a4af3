// SPDX-License-Identifier: BSD-2-Clause
// Byte 0: "RSD PTR ", 8: checksum over the first 20 bytes, 15: revision, 16: RSDT, 20: length, 24: XSDT, 32: checksum
// over `length` bytes.
#include <boot/root_pointer.hpp>

namespace kernel {
namespace {

constexpr size_t old_size = 20;
constexpr size_t new_size = sizeof(AcpiRootPointer);
constexpr size_t length_offset = 20;

Status<BootError> check_first_20_bytes(ByteView bytes) {
    if (!bytes.has(0, old_size))
        return Failure{BootError::rsdp_too_short};
    constexpr Text signature("RSD PTR ");
    for (size_t i = 0; i < signature.size(); ++i)
        if (bytes.u8(i) != static_cast<uint8_t>(signature[i]))
            return Failure{BootError::rsdp_bad_signature};
    if (bytes.part(0, old_size).sum() != 0)
        return Failure{BootError::rsdp_bad_checksum};
    return Nothing{};
}

void copy(ByteView bytes, size_t count, std::optional<AcpiRootPointer>& pointer) {
    AcpiRootPointer& target = pointer.emplace();
    for (size_t i = 0; i < target.size(); ++i)
        target[i] = i < count ? bytes.bytes()[i] : std::byte{0};
}

} // namespace

Status<BootError> read_old_root_pointer(ByteView bytes, std::optional<AcpiRootPointer>& pointer) {
    TRY(check_first_20_bytes(bytes));
    if (!pointer)
        copy(bytes, old_size, pointer);
    return Nothing{};
}

Status<BootError> read_new_root_pointer(ByteView bytes, std::optional<AcpiRootPointer>& pointer) {
    TRY(check_first_20_bytes(bytes));
    if (!bytes.has(0, new_size))
        return Failure{BootError::rsdp_too_short};
    const uint32_t length = bytes.u32(length_offset);
    if (length < new_size || !bytes.has(0, length))
        return Failure{BootError::rsdp_bad_length};
    if (bytes.part(0, length).sum() != 0)
        return Failure{BootError::rsdp_bad_checksum};
    copy(bytes, new_size, pointer);
    return Nothing{};
}

} // namespace kernel
