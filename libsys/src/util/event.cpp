// SPDX-License-Identifier: BSD-2-Clause
// One event, one line.
#include <sys/util/event.hpp>
#include <sys/util/panic.hpp>

namespace sys {

namespace {

constexpr std::string_view name_of(Severity severity) {
    switch (severity) {
    case Severity::debug: return "debug";
    case Severity::notice: return "notice";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
    }
    return "?";
}

constexpr bool is_plain(char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte > ' ' && byte != 0x7f && character != '"' && character != '\\';
}

void put_text(TextBuffer& out, std::string_view text) {
    bool plain = !text.empty();
    for (const char character : text)
        plain = plain && is_plain(character);
    if (plain)
        return out.put(text);
    out.put('"');
    for (const char character : text) {
        if (character == '"' || character == '\\')
            out.put('\\');
        const auto byte = static_cast<uint8_t>(character);
        if (byte < ' ' || byte == 0x7f)
            format_to(out, "\\x{:02x}", byte);
        else
            out.put(character);
    }
    out.put('"');
}

} // namespace

void log_event(Severity severity, std::string_view what, std::initializer_list<Field> fields) {
    char storage[max_log_line];
    TextBuffer out(storage);
    format_to(out, "[{}] {}: {}", program_name(), name_of(severity), what);
    for (const Field& field : fields) {
        format_to(out, " {}=", field.name);
        if (field.value.kind() == FormatArgument::Kind::text)
            put_text(out, field.value.text());
        else
            format_arguments(out, "{}", {&field.value, 1});
    }
    log_line(out.text());
}

} // namespace sys
