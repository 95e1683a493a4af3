// SPDX-License-Identifier: BSD-2-Clause
// The ACPI root pointer (RSDP; ACPI Specification 6.5, section 5.2.5.3) as the boot loader copied it.
#pragma once

#include <boot/boot_error.hpp>
#include <boot/boot_image.hpp>
#include <lib/byte_view.hpp>
#include <lib/result.hpp>

#include <optional>

namespace kernel {

/// `bytes` of a version 1 pointer, checked and copied to `pointer` unless there is one already.
Status<BootError> read_old_root_pointer(ByteView bytes, std::optional<AcpiRootPointer>& pointer);

/// `bytes` of a pointer of version 2 or later, checked and copied to `pointer` in any case. Later versions may only
/// have grown.
Status<BootError> read_new_root_pointer(ByteView bytes, std::optional<AcpiRootPointer>& pointer);

} // namespace kernel
