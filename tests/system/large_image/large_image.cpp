// SPDX-License-Identifier: BSD-2-Clause
// A root task of more than a mebibyte: the file is loaded to its last byte.
#include <tests/system/lib/test.hpp>

// 131072 words, each the one before times 5 plus 1: a page left out, doubled or shifted shows.
asm(R"(
    .section .rodata.large, "a", @progbits
    .balign 8
    .globl large_start
large_start:
    value = 0x1357
    .rept 131072
    .quad value
    value = (value * 5 + 1) & 0xffffffff
    .endr
    .globl large_end
large_end:
    .text
)");
extern "C" const abi::Word large_start[];
extern "C" const abi::Word large_end[];

SYSTEM_TEST("R21: an image of more than 1 MiB is loaded whole") {
    const abi::Word count = static_cast<abi::Word>(large_end - large_start);
    CHECK_EQUAL(count, 131072);
    abi::Word expected = 0x1357;
    for (abi::Word i = 0; i < count; ++i) {
        REQUIRE(CHECK_EQUAL(large_start[i], expected));
        expected = (expected * 5 + 1) & 0xffff'ffff;
    }
}
