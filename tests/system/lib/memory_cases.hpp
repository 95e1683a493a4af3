// SPDX-License-Identifier: BSD-2-Clause
// What every machine size must show about the memory that boot hands out. A topic per size includes the checks.
#pragma once

#include <tests/system/lib/test.hpp>

namespace test {

/// RAM handed out as untyped, in bytes; `above` counts only what lies at or above that address.
Word ram_handed_out(Word above = 0);
/// No two descriptors overlap, none is misaligned, and none holds the kernel (which is loaded at 1 MiB).
void check_descriptors();
/// Makes and checks a frame at both ends of every RAM piece that is large enough: it is there, and it is zero.
void check_ram_is_real();

} // namespace test
