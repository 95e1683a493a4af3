// SPDX-License-Identifier: BSD-2-Clause
// The kernel maps a root task readable, writable and executable throughout: init takes away what its segments do not need.
#pragma once

#include <abi/boot_info.hpp>
#include <sys/result.hpp>

namespace init {

sys::Result<void> restrict_own_image(const abi::BootInfo& boot_info);

} // namespace init
