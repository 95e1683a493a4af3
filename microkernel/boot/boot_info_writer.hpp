// SPDX-License-Identifier: BSD-2-Clause
// The extra boot information: chunks behind the boot-information page, packed without padding.
#pragma once

#include <boot/boot_image.hpp>

#include <span>

namespace kernel {

/// Bytes that the chunks for `image` take.
size_t extra_boot_info_bytes(const BootImage& image);
/// Writes them to `target`, which is large enough; returns the bytes written.
size_t write_extra_boot_info(const BootImage& image, Word tsc_mhz, std::span<std::byte> target);

} // namespace kernel
