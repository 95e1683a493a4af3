// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/entry_area.hpp>

namespace kernel::x86 {

[[gnu::section(".entry_data")]] constinit EntryArea entry_area{};

} // namespace kernel::x86
