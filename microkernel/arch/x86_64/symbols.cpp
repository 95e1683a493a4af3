// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/symbols.hpp>

namespace kernel::x86 {

Place find_symbol(std::span<const Symbol> symbols, const char* names, uint32_t address) {
    size_t low = 0, high = symbols.size(); // the one sought is below `high`, and at or above `low` if there is one
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return {{}, 0};
    const Symbol& symbol = symbols[low - 1];
    const char* name = names + symbol.name;
    return {Text(name, __builtin_strlen(name)), address - symbol.address};
}

} // namespace kernel::x86
