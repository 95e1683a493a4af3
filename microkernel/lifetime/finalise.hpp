// SPDX-License-Identifier: BSD-2-Clause
// What happens to an object, and around it, when a capability to it is deleted.
#pragma once

#include <cap/slot.hpp>

namespace kernel {

/// One bounded step of giving up the capability in `slot`; `final`: the object's last. False: more to do, call again.
/// Afterwards the slot may be emptied (a CNode's or TCB's own slots are the caller's business).
[[nodiscard]] bool finalise_step(Slot& slot, bool final);

} // namespace kernel
