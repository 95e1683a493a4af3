// SPDX-License-Identifier: BSD-2-Clause
// The list of untyped memory that the root task gets: everything that BootMemory does not hold, cut into naturally
// aligned powers of two, device memory first, each in ascending order.
//
// If that would be more pieces than the boot information has room for, the smallest are left out, of the same size the
// device memory first, so that as little as can be is lost. What is lost is counted. Real memory maps are far from
// that.
#pragma once

#include <abi/boot_info.hpp>
#include <boot/boot_memory.hpp>

namespace kernel {

struct UntypedPlan {
    FixedList<abi::UntypedDescriptor, abi::max_boot_untyped> pieces;
    Word lost_device_bytes = 0;
    Word lost_ram_bytes = 0;
};

/// `plan` is as constructed.
void make_untyped_plan(const BootMemory& memory, UntypedPlan& plan);

} // namespace kernel
