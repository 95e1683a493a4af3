// SPDX-License-Identifier: BSD-2-Clause
#include <system.hpp>

namespace kernel {

constinit Cpu cpu;
constinit KernelState kernel_state;

bool is_ram(PhysAddr address) {
    return std::ranges::any_of(kernel_state.ram, [&](const PhysRange& range) { return range.contains(address); });
}

} // namespace kernel
