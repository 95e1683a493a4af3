// SPDX-License-Identifier: BSD-2-Clause
// Commands about what other processes do and have: all ask the process service, which knows whether this one may.
#pragma once

#include <servers/console/commands.hpp>
#include <string_view>

namespace console {

/// The last paging events, newest last: as many as the argument says, or 20.
void show_faults(Output& out, std::string_view arguments);
/// Process and address: the entries on the way there, the region and the keeper.
void show_walk(Output& out, std::string_view arguments);
void show_threads(Output& out, std::string_view);
/// Process: the slots that are in use.
void show_capabilities(Output& out, std::string_view arguments);
/// What each process holds of the kernel's memory, and of the pager's.
void show_quotas(Output& out, std::string_view);

} // namespace console
