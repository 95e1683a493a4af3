// SPDX-License-Identifier: BSD-2-Clause
// The virtual map of the kernel. PML4 entries 256-511 are the same in every address space.
//
//   0xffffffff'80000000  +--------------------------------------+
//                        | kernel image: physical address + this |  text r-x, rodata r--, data rw-
//   0xffffff00'00000000  +--------------------------------------+
//                        | device window: local and I/O APICs    |  rw-, uncached
//   0xffff8000'00000000  +--------------------------------------+
//                        | window: physical address + this       |  RAM and ACPI tables only, rw-, write-back
//   0x00008000'00000000  +---------- not canonical -------------+
//   0x00000000'00000000  | user half                             |
#pragma once

#include <mem/address.hpp>

namespace kernel::layout {

inline constexpr VirtAddr kernel_image{0xffff'ffff'8000'0000};
inline constexpr VirtAddr device_window{0xffff'ff00'0000'0000};
inline constexpr VirtAddr physical_window{0xffff'8000'0000'0000};

/// RAM at or above this physical address is not used: cookies in table entries that are not present
/// must never name cacheable memory (L1TF), and object addresses fit in fewer bits.
inline constexpr PhysAddr ram_limit{Word{8} << 40};

/// First PML4 entry of the kernel half.
inline constexpr unsigned first_kernel_entry = 256;

static_assert((physical_window + ram_limit.raw()).raw() <= device_window.raw());

} // namespace kernel::layout
