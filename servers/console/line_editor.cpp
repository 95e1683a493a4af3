// SPDX-License-Identifier: BSD-2-Clause
// Line editing: backspace and delete, Ctrl-U and Ctrl-C for the whole line; escape sequences are swallowed.
#include <servers/console/line_editor.hpp>

namespace console {

namespace {
constexpr char escape = 27, delete_key = 127, ctrl_c = 3, ctrl_u = 21;
}

LineEditor::Echo LineEditor::type(char byte) {
    const bool second_half = after_carriage_return_ && byte == '\n';
    after_carriage_return_ = byte == '\r';
    if (second_half)
        return Echo::nothing;
    if (escape_ == 1) { // ESC [ ... letter, or ESC and one byte
        escape_ = byte == '[' ? 2 : 0;
        return Echo::nothing;
    }
    if (escape_ == 2) {
        if (byte >= '@' && byte <= '~')
            escape_ = 0;
        return Echo::nothing;
    }
    switch (byte) {
    case '\r':
    case '\n': return Echo::new_line;
    case escape: escape_ = 1; return Echo::nothing;
    case '\b':
    case delete_key:
        if (size_ == 0)
            return Echo::nothing;
        --size_;
        return Echo::erase;
    case ctrl_c:
    case ctrl_u: size_ = 0; return Echo::erase_all;
    default: break;
    }
    const bool printable = static_cast<unsigned char>(byte) >= ' ';
    if (!printable || size_ == max_line)
        return Echo::nothing;
    line_[size_++] = byte;
    return Echo::character;
}

} // namespace console
