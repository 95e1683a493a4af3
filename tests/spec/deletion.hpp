// SPDX-License-Identifier: BSD-2-Clause
// Capabilities go, and with the last capability to an object the object.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// Empties `slot`; if it held the last capability of its object, that is destroyed.
void delete_capability(System& system, Slot& slot);
/// Deletes all descendants of `slot`.
void revoke(System& system, Slot& slot);

} // namespace spec
