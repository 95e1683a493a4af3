// SPDX-License-Identifier: BSD-2-Clause
// The kernel's functions by address. tools/lib/symbol_table.py writes the table from a first link of the kernel; it is
// the last thing in .rodata, so the second link, which contains it, moves no code.
#pragma once

#include <lib/text.hpp>
#include <mem/address.hpp>

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
inline Place find_symbol(std::span<const Symbol> symbols, const char* names, uint32_t address) {
    const auto next = std::upper_bound(symbols.begin(), symbols.end(), address,
                                       [](uint32_t sought, const Symbol& symbol) { return sought < symbol.address; });
    if (next == symbols.begin())
        return {{}, 0};
    const Symbol& symbol = *(next - 1);
    return {names + symbol.name, address - symbol.address};
}

} // namespace kernel::x86
