// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own output: COM1, polled, 115200 baud, 8N1. A missing port reads as ones, so it seems ready at once. The same goes
// to port 0xE9, which emulators write to a file or their terminal; on other machines nobody is there.
#include <arch/x86_64/cpu/instructions.hpp>
#include <lib/log.hpp>

namespace kernel {

namespace {

// Registers of a 16550 (offsets from the base port).
constexpr uint16_t com1 = 0x3f8;
constexpr uint16_t data = com1, interrupt_enable = com1 + 1, fifo_control = com1 + 2, line_control = com1 + 3;
constexpr uint16_t modem_control = com1 + 4, line_status = com1 + 5;
constexpr uint8_t divisor_access = 0x80, eight_bits = 0x03, fifo_on_and_cleared = 0x07, ready_to_send = 0x03;
constexpr uint8_t transmitter_empty = 0x20;
constexpr uint16_t debug_console = 0xe9;

/// At 115200 baud a character takes 87 microseconds; a port that is not ready by then is broken.
constexpr unsigned most_polls = 100'000;

void put(char c) {
    for (unsigned i = 0; i < most_polls && (x86::in8(line_status) & transmitter_empty) == 0; i++)
        x86::pause();
    x86::out8(data, static_cast<uint8_t>(c));
}

} // namespace

void start_log() {
    x86::out8(interrupt_enable, 0);
    x86::out8(line_control, divisor_access);
    x86::out8(data, 1); // divisor 1 = 115200 baud, its low byte and its high byte
    x86::out8(interrupt_enable, 0);
    x86::out8(line_control, eight_bits);
    x86::out8(fifo_control, fifo_on_and_cleared);
    x86::out8(modem_control, ready_to_send);
}

void log_text(Text text) {
    for (const char c : text) {
        if (c == '\n')
            put('\r');
        put(c);
        x86::out8(debug_console, static_cast<uint8_t>(c));
    }
}

} // namespace kernel
