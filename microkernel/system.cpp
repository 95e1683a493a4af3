// SPDX-License-Identifier: BSD-2-Clause
#include <system.hpp>

namespace kernel {

constinit Cpu cpu;
constinit KernelState kernel_state;

bool is_ram(PhysAddr address) {
    for (const PhysRange& range : kernel_state.ram) {
        if (range.contains(address))
            return true;
    }
    return false;
}

} // namespace kernel
