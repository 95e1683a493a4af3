// SPDX-License-Identifier: BSD-2-Clause
#include <lib/log.hpp>

#include <arch/x86_64/io/serial.hpp>

namespace kernel {

void log_text(Text text) {
    for (const char c : text)
        x86::serial_put(c);
}

} // namespace kernel
