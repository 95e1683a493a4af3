// SPDX-License-Identifier: BSD-2-Clause
// The kernel's functions by address. tools/lib/symbol_table.py writes the table from a first link of the kernel; it is
// the last thing in .rodata, so the second link, which contains it, moves no code.
#pragma once

#include <lib/text.hpp>
#include <mem/address.hpp>

#include <cstdint>
#include <span>

namespace kernel::x86 {

struct Symbol {
    uint32_t address; ///< the low half; the high half is all ones
    uint32_t name;    ///< offset into the names
};

/// A function and how far into it an address is. No name: the address is not in the kernel's code.
struct Place {
    Text name;
    Word offset;
};

/// `symbols` ascend by address. `names` are zero-terminated.
Place find_symbol(std::span<const Symbol> symbols, const char* names, uint32_t address);

} // namespace kernel::x86
