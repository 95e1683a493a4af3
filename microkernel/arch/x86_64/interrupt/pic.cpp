// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/interrupt/pic.hpp>

#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/interrupt/vectors.hpp>

namespace kernel::x86 {

void pic_disable() {
    constexpr uint16_t command_ports[2] = {0x20, 0xa0}, data_ports[2] = {0x21, 0xa1};
    constexpr uint8_t initialise = 0x11;            // ICW1: cascade, ICW4 follows
    constexpr uint8_t cascade_line[2] = {1 << 2, 2}; // ICW3: the second hangs at line 2 of the first
    constexpr uint8_t mode_8086 = 0x01;             // ICW4
    constexpr uint8_t all_masked = 0xff;
    for (unsigned i = 0; i < 2; i++) {
        out8(command_ports[i], initialise);
        out8(data_ports[i], static_cast<uint8_t>(vector::legacy_first + 8 * i)); // ICW2
        out8(data_ports[i], cascade_line[i]);
        out8(data_ports[i], mode_8086);
        out8(data_ports[i], all_masked);
    }
}

} // namespace kernel::x86
