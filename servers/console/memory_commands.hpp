// SPDX-License-Identifier: BSD-2-Clause
// Commands about memory: all ask the pager.
#pragma once

#include <servers/console/commands.hpp>
#include <string_view>

namespace console {

void show_memory(Output& out, std::string_view);
/// One line for each address space: pages, and faults by kind.
void show_clients(Output& out, std::string_view);
/// The regions of the process whose number is the argument.
void show_regions(Output& out, std::string_view arguments);

} // namespace console
