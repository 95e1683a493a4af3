// SPDX-License-Identifier: BSD-2-Clause
// Text from values: a small subset of std::format, checked at compile time, into a buffer of fixed size.
//
// Fields: {} or {:[<|>][#][0][width][d|x|c]}. "<" aligns left, ">" right; numbers are right-aligned and
// strings left-aligned by default; '0' pads numbers with zeros, '#' writes 0x before hexadecimal. {{ and }} are braces.
#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <sys/error.hpp>

namespace sys {

/// Collects text; what does not fit is dropped and remembered.
class TextBuffer {
public:
    explicit TextBuffer(std::span<char> storage) : storage_(storage) {}
    void put(char character) {
        if (size_ < storage_.size())
            storage_[size_++] = character;
        else
            truncated_ = true;
    }
    void put(std::string_view text) {
        for (const char character : text)
            put(character);
    }
    std::string_view text() const { return {storage_.data(), size_}; }
    bool is_truncated() const { return truncated_; }

private:
    std::span<char> storage_;
    size_t size_ = 0;
    bool truncated_ = false;
};

/// One value to be formatted.
class FormatArgument {
public:
    enum class Kind : uint8_t { unsigned_number, signed_number, character, boolean, text, pointer, error };

    FormatArgument(bool value) : kind_(Kind::boolean), number_(value) {}
    FormatArgument(char value) : kind_(Kind::character), number_(static_cast<uint8_t>(value)) {}
    FormatArgument(std::unsigned_integral auto value) : kind_(Kind::unsigned_number), number_(value) {}
    FormatArgument(std::signed_integral auto value)
        : kind_(Kind::signed_number), number_(static_cast<uint64_t>(static_cast<int64_t>(value))) {}
    FormatArgument(std::string_view value) : kind_(Kind::text), text_(value) {}
    FormatArgument(const char* value) : kind_(Kind::text), text_(value == nullptr ? "(null)" : value) {}
    FormatArgument(const void* value) : kind_(Kind::pointer), number_(reinterpret_cast<uintptr_t>(value)) {}
    FormatArgument(const Error& value) : kind_(Kind::error), error_(&value) {}

    Kind kind() const { return kind_; }
    uint64_t number() const { return number_; }
    std::string_view text() const { return text_; }
    const Error& error() const { return *error_; }

private:
    Kind kind_;
    uint64_t number_ = 0;
    std::string_view text_;
    const Error* error_ = nullptr;
};

/// What stands between the braces.
struct FormatField {
    bool left = false;
    bool right = false;
    bool zero = false;
    bool prefix = false;
    unsigned width = 0;
    char type = 0; ///< 0, 'd', 'x' or 'c'
};

inline constexpr unsigned max_format_width = 64;

/// Reads the field that starts behind '{' at `position`; returns false if it is malformed, else leaves `position`
/// behind '}'.
constexpr bool read_format_field(std::string_view format, size_t& position, FormatField& field) {
    const auto at = [&] { return position < format.size() ? format[position] : '\0'; };
    if (at() == ':') {
        ++position;
        if (at() == '<')
            field.left = true, ++position;
        else if (at() == '>')
            field.right = true, ++position;
        if (at() == '#')
            field.prefix = true, ++position;
        if (at() == '0')
            field.zero = true, ++position;
        while (at() >= '0' && at() <= '9') {
            field.width = field.width * 10 + static_cast<unsigned>(at() - '0');
            if (field.width > max_format_width)
                return false;
            ++position;
        }
        if (at() == 'd' || at() == 'x' || at() == 'c')
            field.type = format[position++];
    }
    if (at() != '}')
        return false;
    ++position;
    return true;
}

/// The fields of a format string; -1 if it is malformed.
constexpr int count_format_fields(std::string_view format) {
    int fields = 0;
    for (size_t i = 0; i < format.size();) {
        const char character = format[i++];
        const bool doubled = i < format.size() && format[i] == character;
        if ((character == '{' || character == '}') && doubled)
            ++i;
        else if (character == '}')
            return -1;
        else if (character == '{') {
            FormatField field;
            if (!read_format_field(format, i, field))
                return -1;
            ++fields;
        }
    }
    return fields;
}

/// Not constexpr: calling it while a format string is checked is the compile-time error.
void format_string_does_not_match_its_arguments();

/// A format string that fits its arguments; a wrong one does not compile.
template <class... Arguments>
class FormatString {
public:
    consteval FormatString(const char* text) : text_(text) {
        if (count_format_fields(text_) != static_cast<int>(sizeof...(Arguments)))
            format_string_does_not_match_its_arguments();
    }
    constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

/// The part that is not a template. Stops at the first malformed field.
void format_arguments(TextBuffer& out, std::string_view format, std::span<const FormatArgument> arguments);

template <class... Arguments>
void format_to(TextBuffer& out, FormatString<std::type_identity_t<Arguments>...> format,
               const Arguments&... arguments) {
    if constexpr (sizeof...(Arguments) == 0) {
        format_arguments(out, format.text(), {});
    } else {
        const FormatArgument list[] = {FormatArgument(arguments)...};
        format_arguments(out, format.text(), list);
    }
}

/// The text in `storage`, cut if it does not fit.
template <class... Arguments>
std::string_view format(std::span<char> storage, FormatString<std::type_identity_t<Arguments>...> format,
                        const Arguments&... arguments) {
    TextBuffer buffer(storage);
    format_to(buffer, format, arguments...);
    return buffer.text();
}

static_assert(count_format_fields("{} {:x} {:#010x} {:<8} {{}}") == 4);
static_assert(count_format_fields("{") == -1 && count_format_fields("}") == -1 && count_format_fields("{:q}") == -1);

} // namespace sys
