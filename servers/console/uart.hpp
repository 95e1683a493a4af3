// SPDX-License-Identifier: BSD-2-Clause
// A 16550 serial port through I/O port capabilities. (National Semiconductor PC16550D data sheet, chapter 8 "Registers".)
#pragma once

#include <optional>
#include <string_view>
#include <sys/driver/ports.hpp>

namespace console {

class Uart {
public:
    explicit Uart(uint16_t first_port) : ports_(first_port) {}

    /// 8 data bits, no parity, FIFOs on, an interrupt for each byte that arrives; the speed stays as the kernel set it.
    void start();
    /// Waits as long as the transmitter is busy: no byte is ever dropped.
    void write(std::string_view bytes);
    /// The next byte that has arrived, if there is one.
    std::optional<char> read();

private:
    sys::DevicePorts ports_;
};

} // namespace console
