// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own output: COM1, polled, and port 0xE9 where an emulator listens there.
// Once user space has a console it owns COM1; the kernel then writes only DebugPutChar and panics.
#pragma once

namespace kernel::x86 {

/// 115200 baud, 8N1, FIFO on, no interrupts. A missing port is noticed and left alone.
void serial_init();

/// Waits until the port takes the character; '\n' is sent as "\r\n".
void serial_put(char c);

} // namespace kernel::x86
