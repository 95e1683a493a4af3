// SPDX-License-Identifier: BSD-2-Clause
// Formatting of single values.
#include <sys/util/format.hpp>

namespace sys {

namespace {

using Kind = FormatArgument::Kind;

/// A number as text; the digits end at the end of the array.
class Digits {
public:
    Digits(uint64_t value, unsigned base) {
        do {
            text_[--start_] = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
    }
    std::string_view text() const { return {text_ + start_, capacity - start_}; }

private:
    static constexpr size_t capacity = 20; // 2^64 - 1 in decimal
    char text_[capacity];
    size_t start_ = capacity;
};

void put_padding(TextBuffer& out, char character, size_t used, unsigned width) {
    for (size_t i = used; i < width; ++i)
        out.put(character);
}

void put_text(TextBuffer& out, std::string_view text, const FormatField& field) {
    if (field.right)
        put_padding(out, ' ', text.size(), field.width);
    out.put(text);
    if (!field.right)
        put_padding(out, ' ', text.size(), field.width);
}

void put_number(TextBuffer& out, const FormatArgument& argument, const FormatField& field) {
    const bool hexadecimal = field.type == 'x' || argument.kind() == Kind::pointer;
    const bool prefix = hexadecimal && (field.prefix || argument.kind() == Kind::pointer);
    const bool negative = argument.kind() == Kind::signed_number && static_cast<int64_t>(argument.number()) < 0;
    const Digits digits(negative ? 0 - argument.number() : argument.number(), hexadecimal ? 16 : 10);
    const size_t used = digits.text().size() + (negative ? 1 : 0) + (prefix ? 2 : 0);

    if (!field.zero && !field.left)
        put_padding(out, ' ', used, field.width);
    if (negative)
        out.put('-');
    if (prefix)
        out.put("0x");
    if (field.zero)
        put_padding(out, '0', used, field.width);
    out.put(digits.text());
    if (!field.zero && field.left)
        put_padding(out, ' ', used, field.width);
}

/// The sentence, then the number and whatever details are there: "the destination is taken (error 8)".
void put_error(TextBuffer& out, const Error& error) {
    out.put(error.describe());
    out.put(" (error ");
    out.put(Digits(error.label(), 10).text());
    unsigned details = 4;
    while (details > 0 && error.detail(details - 1) == 0)
        --details;
    for (unsigned i = 0; i < details; ++i) {
        out.put(i == 0 ? ": 0x" : ", 0x");
        out.put(Digits(error.detail(i), 16).text());
    }
    out.put(')');
}

void put_argument(TextBuffer& out, const FormatArgument& argument, const FormatField& field) {
    switch (argument.kind()) {
    case Kind::text: put_text(out, argument.text(), field); return;
    case Kind::boolean: put_text(out, argument.number() != 0 ? "true" : "false", field); return;
    case Kind::error: put_error(out, argument.error()); return;
    case Kind::character:
        if (field.type == 0 || field.type == 'c') {
            const char character = static_cast<char>(argument.number());
            put_text(out, {&character, 1}, field);
            return;
        }
        [[fallthrough]];
    case Kind::pointer:
    case Kind::signed_number:
    case Kind::unsigned_number:
        if (field.type == 'c') {
            const char character = static_cast<char>(argument.number());
            put_text(out, {&character, 1}, field);
            return;
        }
        put_number(out, argument, field);
    }
}

} // namespace

void format_arguments(TextBuffer& out, std::string_view format, std::span<const FormatArgument> arguments) {
    size_t next = 0;
    for (size_t i = 0; i < format.size();) {
        const char character = format[i++];
        const bool brace = character == '{' || character == '}';
        if (brace && i < format.size() && format[i] == character) {
            out.put(character);
            ++i;
        } else if (character == '{') {
            FormatField field;
            if (!read_format_field(format, i, field) || next >= arguments.size())
                return;
            put_argument(out, arguments[next++], field);
        } else {
            out.put(character);
        }
    }
}

} // namespace sys
