// SPDX-License-Identifier: BSD-2-Clause
// Builds the root task from the first boot module, and starts it.
#pragma once

#include <boot/boot_image.hpp>

namespace kernel {

/// The last thing the kernel does on its own account: from here on it only answers.
[[noreturn]] void start_root_task(BootImage& image);

} // namespace kernel
