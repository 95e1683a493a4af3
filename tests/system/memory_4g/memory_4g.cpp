// SPDX-License-Identifier: BSD-2-Clause
// A machine with RAM on both sides of the PCI hole: 4 GiB, half of it (q35) from 4 GiB on.
#include <tests/system/lib/memory_cases.hpp>

SYSTEM_TEST("R15: no RAM that is handed out holds the kernel; pieces are aligned and do not overlap") {
    test::check_descriptors();
}

SYSTEM_TEST("4 GiB: all RAM on both sides of the PCI hole is handed out") {
    constexpr abi::Word four_gib = abi::Word{1} << 32;
    CHECK(test::ram_handed_out() > four_gib - (abi::Word{24} << 20));
    CHECK(test::ram_handed_out(four_gib) >= abi::Word{2} << 30);
}

SYSTEM_TEST("4 GiB: every piece of RAM is there and reads as zero") { test::check_ram_is_real(); }
