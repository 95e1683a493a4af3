// SPDX-License-Identifier: BSD-2-Clause
// Writing and scrolling.
#include <servers/console/text_screen.hpp>

namespace console {

void TextScreen::clear() {
    for (size_t i = 0; i < cells_.size(); ++i)
        cells_[i] = blank;
    row_ = column_ = 0;
}

void TextScreen::new_line() {
    column_ = 0;
    if (++row_ < rows)
        return;
    row_ = rows - 1;
    for (size_t i = 0; i < (rows - 1) * columns; ++i)
        cells_[i] = cells_[i + columns];
    for (size_t i = (rows - 1) * columns; i < rows * columns; ++i)
        cells_[i] = blank;
}

void TextScreen::put(char character) {
    switch (character) {
    case '\n': new_line(); return;
    case '\r': column_ = 0; return;
    case '\b': column_ -= column_ > 0 ? 1 : 0; return;
    default: break;
    }
    const auto byte = static_cast<unsigned char>(character);
    if (byte < ' ' || (byte & 0xc0) == 0x80)
        return; // control characters, and all but the first byte of a UTF-8 character
    if (column_ == columns)
        new_line();
    cells_[row_ * columns + column_++] = static_cast<uint16_t>(0x0700 | (byte < 127 ? byte : '?'));
}

void TextScreen::write(std::string_view text) {
    if (cells_.size() < rows * columns)
        return;
    for (const char character : text)
        put(character);
}

} // namespace console
