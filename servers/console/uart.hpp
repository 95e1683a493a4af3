// SPDX-License-Identifier: BSD-2-Clause
// A 16550 serial port through I/O port capabilities. (National Semiconductor PC16550D data sheet, chapter 8 "Registers".)
#pragma once

#include <optional>
#include <string_view>
#include <sys/cap/io_port.hpp>

namespace console {

class Uart {
public:
    Uart(sys::IoPorts ports, uint16_t base) : ports_(ports), base_(base) {}

    /// 8 data bits, no parity, FIFOs on, an interrupt for each byte that arrives; the speed stays as the kernel set it.
    void start();
    /// Waits as long as the transmitter is busy: no byte is ever dropped.
    void write(std::string_view bytes);
    /// The next byte that has arrived, if there is one.
    std::optional<char> read();

private:
    uint8_t in(uint16_t offset) { return ports_.in8(static_cast<uint16_t>(base_ + offset)).value_or(0); }
    void out(uint16_t offset, uint8_t value) {
        static_cast<void>(ports_.out8(static_cast<uint16_t>(base_ + offset), value));
    }

    sys::IoPorts ports_;
    uint16_t base_;
};

} // namespace console
