// SPDX-License-Identifier: BSD-2-Clause
// The smallest machine: 64 MiB.
#include <tests/system/lib/memory_cases.hpp>

SYSTEM_TEST("64 MiB: nearly all RAM is handed out, once and aligned, and nothing of the kernel") {
    test::check_descriptors();
    CHECK(test::ram_handed_out() > abi::Word{52} << 20);
    CHECK(test::ram_handed_out() <= abi::Word{64} << 20);
}

SYSTEM_TEST("64 MiB: every piece of RAM is there and reads as zero") { test::check_ram_is_real(); }
