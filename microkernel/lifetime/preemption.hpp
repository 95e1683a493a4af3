// SPDX-License-Identifier: BSD-2-Clause
// Long operations ask here whether something more urgent waits.
#pragma once

namespace kernel {

/// Counts one step; every so many steps looks for interrupts and at the running budget. True: stop now.
bool preemption_point();
/// Looks at once.
bool must_preempt();

} // namespace kernel
