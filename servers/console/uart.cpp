// SPDX-License-Identifier: BSD-2-Clause
// The registers of the 16550.
#include <servers/console/uart.hpp>

namespace console {

namespace {
constexpr uint16_t data = 0, interrupt_enable = 1, fifo_control = 2, line_control = 3, modem_control = 4,
                   line_status = 5;
constexpr uint8_t on_received_data = 1;
constexpr uint8_t fifo_enable =
    1; ///< trigger level 1 byte; the FIFOs are not cleared: nothing typed or printed is lost
constexpr uint8_t eight_bits = 3;
constexpr uint8_t ready_and_interrupts = 0x0b; ///< DTR, RTS, and OUT2, which lets the interrupt through
constexpr uint8_t data_ready = 1, transmitter_empty = 0x20;
constexpr uint8_t no_device = 0xff; ///< what a port reads as behind which there is nothing
constexpr unsigned fifo_size = 16;
constexpr unsigned most_polls = 1'000'000; ///< then the port is taken for dead, and output goes nowhere
} // namespace

void Uart::start() {
    ports_.out8(line_control, eight_bits);
    ports_.out8(fifo_control, fifo_enable);
    ports_.out8(modem_control, ready_and_interrupts);
    ports_.out8(interrupt_enable, on_received_data);
}

void Uart::write(std::string_view bytes) {
    while (!bytes.empty()) {
        unsigned polls = 0;
        while ((ports_.in8(line_status) & transmitter_empty) == 0)
            if (++polls == most_polls)
                return;
        const size_t count = bytes.size() < fifo_size ? bytes.size() : size_t{fifo_size};
        for (size_t i = 0; i < count; ++i)
            ports_.out8(data, static_cast<uint8_t>(bytes[i]));
        bytes.remove_prefix(count);
    }
}

std::optional<char> Uart::read() {
    const uint8_t status = ports_.in8(line_status);
    if (status == no_device || (status & data_ready) == 0)
        return std::nullopt;
    return static_cast<char>(ports_.in8(data));
}

} // namespace console
