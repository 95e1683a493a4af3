// SPDX-License-Identifier: BSD-2-Clause
#include <servers/console/arguments.hpp>

#include <algorithm>

namespace console {

std::string_view Arguments::word() {
    const size_t start = std::min(rest_.find_first_not_of(' '), rest_.size());
    const size_t end = std::min(rest_.find(' ', start), rest_.size());
    const std::string_view found = rest_.substr(start, end - start);
    rest_ = rest_.substr(end);
    return found;
}

std::optional<sys::Word> Arguments::number() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string_view text = word();
    sys::Word base = 10;
    if (text.starts_with("0x")) {
        text.remove_prefix(2);
        base = 16;
    }
    if (text.empty())
        return std::nullopt;
    sys::Word number = 0;
    for (const char character : text) {
        const size_t digit = digits.find(character);
        if (digit >= base || __builtin_mul_overflow(number, base, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return std::nullopt;
    }
    return number;
}

} // namespace console
