// SPDX-License-Identifier: BSD-2-Clause
// Line editor and text screen of the console.
#include <catch.hpp>
#include <random>
#include <servers/console/line_editor.hpp>
#include <servers/console/text_screen.hpp>
#include <string>
#include <vector>

using namespace console;
using Echo = LineEditor::Echo;

namespace {

std::string type_line(LineEditor& editor, std::string_view bytes) {
    for (const char byte : bytes)
        if (editor.type(byte) == Echo::new_line)
            return std::string(editor.take_line());
    return "no line";
}

struct Screen {
    std::vector<uint16_t> cells = std::vector<uint16_t>(TextScreen::rows * TextScreen::columns);
    TextScreen screen{std::span<volatile uint16_t>(cells)};
    Screen() { screen.clear(); }
    std::string row(size_t number) const {
        std::string text;
        for (size_t i = 0; i < TextScreen::columns; ++i)
            text += static_cast<char>(cells[number * TextScreen::columns + i]);
        return text.substr(0, text.find_last_not_of(' ') + 1);
    }
};

} // namespace

TEST_CASE("a typed line is what was typed, with corrections made", "[console]") {
    LineEditor editor;
    CHECK(type_line(editor, "help\r") == "help");
    CHECK(editor.type('p') == Echo::character);
    CHECK(editor.text() == "p");
}

TEST_CASE("CR LF is one line end, LF alone is one, too", "[console]") {
    LineEditor editor;
    CHECK(type_line(editor, "a\r") == "a");
    CHECK(editor.type('\n') == Echo::nothing);
    CHECK(type_line(editor, "b\n") == "b");
    CHECK(type_line(editor, "\n") == "");
    CHECK(type_line(editor, "\r") == "");
}

TEST_CASE("backspace, delete, Ctrl-U and Ctrl-C edit the line", "[console]") {
    LineEditor editor;
    CHECK(type_line(editor, "helq\bp\r") == "help");
    CHECK(type_line(editor, "ab\x7f\x7f\x7f"
                            "c\r") == "c");
    CHECK(type_line(editor, "wrong\x15right\r") == "right");
    CHECK(type_line(editor, "wrong\x03right\r") == "right");
    CHECK(editor.type('\b') == Echo::nothing);
}

TEST_CASE("escape sequences and control characters are swallowed", "[console]") {
    LineEditor editor;
    CHECK(type_line(editor, "a\x1b[Ab\x1b[1;5Cc\x01\r") == "abc");
}

TEST_CASE("a line that is too long is cut, and the next one is whole again", "[console]") {
    LineEditor editor;
    CHECK(type_line(editor, std::string(1000, 'x') + "\r").size() == LineEditor::max_line);
    CHECK(type_line(editor, "ps\r") == "ps");
}

TEST_CASE("text wraps and scrolls on the screen", "[console]") {
    Screen screen;
    screen.screen.write(std::string(81, 'a') + "\n");
    CHECK(screen.row(0) == std::string(80, 'a'));
    CHECK(screen.row(1) == "a");
    for (int i = 0; i < 30; ++i)
        screen.screen.write("line " + std::to_string(i) + "\r\n");
    CHECK(screen.row(23) == "line 29");
    CHECK(screen.row(24) == "");
    CHECK(screen.row(0) == "line 6");
}

TEST_CASE("a character of two bytes is one question mark on the screen", "[console]") {
    Screen screen;
    screen.screen.write("preparaci\xc3\xb3n");
    CHECK(screen.row(0) == "preparaci?n");
}

TEST_CASE("any bytes leave the screen inside its cells", "[console][property]") {
    Screen screen;
    std::mt19937 random(9);
    for (int i = 0; i < 100000; ++i) {
        const char byte = static_cast<char>(random());
        screen.screen.write({&byte, 1});
    }
    TextScreen nothing{{}};
    nothing.write("no screen, no harm");
}
