// SPDX-License-Identifier: BSD-2-Clause
// Reader of the multiboot2 information (Multiboot2 Specification 2.0, section 3.6), which is foreign data: every case
// of malformed input is a panic with a sentence of its own or is harmless.
//
// Harmless, and why:
//  - unknown tags, ELF sections, EFI memory map and tables, network, VBE: never read, so they cannot lie;
//  - bytes behind the end tag: never read;
//  - a second command line or framebuffer: the first one counts;
//  - text without a final zero byte, or of any length: ends where its tag ends;
//  - entry_version of the memory map: later versions are compatible by definition;
//  - memory entries of length 0, and reserved ones above 2^52: claim nothing;
//  - unsorted or overlapping memory entries: whatever is not usable wins;
//  - an empty module: kept; reading it as a file is what fails;
//  - a framebuffer that cannot be (no pixels, lines that do not fit, beyond 2^52): treated as none.
#pragma once

#include <boot/boot_image.hpp>
#include <lib/byte_view.hpp>

namespace kernel {

/// What a multiboot2 loader leaves in EAX.
inline constexpr uint32_t multiboot2_magic = 0x36d7'6289;

/// `magic` and `info` as the loader left them in EAX and EBX; `memory`: physical memory from address 0 on, as far as it
/// can be read. `image` is as constructed.
void read_multiboot2(uint32_t magic, uint32_t info, ByteView memory, PhysRange kernel_image, BootImage& image);

} // namespace kernel
