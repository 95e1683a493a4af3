// SPDX-License-Identifier: BSD-2-Clause
#include <lib/log.hpp>

namespace kernel {
namespace {

void log_number(uint64_t value, unsigned base) {
    char digits[20]; // 2^64 - 1 has that many
    size_t first = sizeof(digits);
    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    log_text(Text(digits + first, sizeof(digits) - first));
}

void log_value(const LogValue& value, bool in_hex) {
    if (value.kind == LogValue::Kind::text)
        return log_text(value.text);
    in_hex |= value.kind == LogValue::Kind::address;
    log_text(in_hex ? "0x" : "");
    log_number(value.number, in_hex ? 16 : 10);
}

} // namespace

void log_line(Text text, std::initializer_list<LogValue> values) {
    const LogValue* next = values.begin();
    while (!text.is_empty()) {
        const bool is_hex = text.part(0, 3) == "{x}";
        if ((is_hex || text.part(0, 2) == "{}") && next != values.end()) {
            log_value(*next++, is_hex);
            text = text.part(is_hex ? 3 : 2);
        } else {
            log_text(text.part(0, 1));
            text = text.part(1);
        }
    }
    log_text("\n");
}

} // namespace kernel
