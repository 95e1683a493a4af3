// SPDX-License-Identifier: BSD-2-Clause
// Which I/O ports have been given out: a port has one owner.
#pragma once

#include <cstdint>

namespace kernel {

/// Any port from `first` to `last` (included) has been issued. At most 1,024 steps.
bool any_port_issued(uint16_t first, uint16_t last);
void issue_ports(uint16_t first, uint16_t last);
void free_ports(uint16_t first, uint16_t last);

} // namespace kernel
