// SPDX-License-Identifier: BSD-2-Clause
#include <lib/format.hpp>

namespace kernel {

class Formatter {
public:
    explicit Formatter(std::span<char> buffer) : buffer_(buffer) {}

    void put(char c) {
        if (length_ < buffer_.size())
            buffer_[length_++] = c;
    }
    void put(Text text) {
        for (const char c : text)
            put(c);
    }
    void put_number(uint64_t value, unsigned base) {
        char digits[20]; // 2^64 - 1 has that many
        unsigned count = 0;
        do {
            digits[count++] = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
        while (count > 0)
            put(digits[--count]);
    }
    void put_hex(uint64_t value) {
        put("0x");
        put_number(value, 16);
    }
    void put_value(const Argument& value, bool hex) {
        using Kind = Argument::Kind;
        switch (value.kind_) {
        case Kind::text: return put(value.text_);
        case Kind::truth: return put(value.number_ != 0 ? Text("true") : Text("false"));
        case Kind::character: return put(static_cast<char>(value.number_));
        case Kind::address: return put_hex(value.number_);
        case Kind::number: return hex ? put_hex(value.number_) : put_number(value.number_, 10);
        case Kind::negative_possible:
            if (hex)
                return put_hex(value.number_);
            if (static_cast<int64_t>(value.number_) >= 0)
                return put_number(value.number_, 10);
            put('-');
            return put_number(-value.number_, 10);
        }
    }
    size_t length() const { return length_; }

private:
    std::span<char> buffer_;
    size_t length_ = 0;
};

size_t format_values(std::span<char> buffer, Text text, std::span<const Argument> values) {
    Formatter out(buffer);
    size_t next = 0;
    while (!text.is_empty()) {
        const bool hex = text.part(0, 3) == "{x}";
        if ((hex || text.part(0, 2) == "{}") && next < values.size()) {
            out.put_value(values[next++], hex);
            text = text.part(hex ? 3 : 2);
        } else {
            out.put(text[0]);
            text = text.part(1);
        }
    }
    return out.length();
}

} // namespace kernel
