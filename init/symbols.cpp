// SPDX-License-Identifier: BSD-2-Clause
#include <init/symbols.hpp>

#include <charconv>

namespace init {

using abi::Word;

namespace {

constexpr size_t digits = 16;

std::optional<Word> address_of(std::string_view line) {
    Word address = 0;
    if (line.size() <= digits || line[digits] != ' ')
        return std::nullopt;
    const auto read = std::from_chars(line.data(), line.data() + digits, address, 16);
    return read.ptr == line.data() + digits ? std::optional<Word>(address) : std::nullopt;
}

} // namespace

std::optional<Function> function_at(std::string_view symbols, Word address) {
    std::optional<Function> found;
    // Between these offsets, at which lines begin, may be a better one.
    for (size_t low = 0, high = symbols.size(); low < high;) {
        const size_t before = symbols.substr(0, low + (high - low) / 2).rfind('\n');
        const size_t start = before == std::string_view::npos || before < low ? low : before + 1;
        const size_t end = symbols.find('\n', start);
        if (end == std::string_view::npos)
            return std::nullopt;
        const std::string_view line = symbols.substr(start, end - start);
        const std::optional<Word> begin = address_of(line);
        if (!begin)
            return std::nullopt;
        if (*begin > address) {
            high = start;
            continue;
        }
        found = Function{line.substr(digits + 1), address - *begin};
        low = end + 1;
    }
    return found;
}

} // namespace init
