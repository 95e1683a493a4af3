// SPDX-License-Identifier: BSD-2-Clause
// Reader of the multiboot2 information (Multiboot2 Specification 2.0, section 3.6), which is foreign data: every case
// of malformed input ends in its own BootError or is harmless.
//
// Harmless, and why:
//  - unknown tags, ELF sections, EFI memory map and tables, network, VBE: never read, so they cannot lie;
//  - bytes behind the end tag: never read;
//  - a second command line, loader name or framebuffer: the first one counts;
//  - text without a final zero byte, or of any length: ends where its tag ends;
//  - entry_version of the memory map: later versions are compatible by definition;
//  - memory entries of length 0, and reserved ones above 2^52: dropped; reserved ones that reach beyond are cut there;
//  - unsorted or overlapping memory entries: boot/boot_memory.hpp lets whatever is not usable win;
//  - an empty module: kept; reading it as a file is what fails;
//  - a framebuffer that cannot be (no pixels, lines that do not fit, beyond 2^52): treated as none.
#pragma once

#include <boot/boot_error.hpp>
#include <boot/boot_image.hpp>
#include <lib/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace kernel {

/// What a multiboot2 loader leaves in EAX.
inline constexpr uint32_t multiboot2_magic = 0x36d7'6289;

/// What the loader left in EAX and EBX, before anything behind `info` is touched.
Status<BootError> check_handover(uint32_t magic, PhysAddr info, PhysRange kernel_image);

/// Reads the information at `info`. `mapped` are the bytes from there on that may be read: at least as many as the
/// information has, more do no harm. On failure `image` holds whatever had been read until then.
Status<BootError> read_multiboot2(PhysAddr info, std::span<const std::byte> mapped, PhysRange kernel_image,
                                  BootImage& image);

} // namespace kernel
