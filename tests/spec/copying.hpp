// SPDX-License-Identifier: BSD-2-Clause
// What a copy of a capability is, and what a datum does to it.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// `cap`, the changed capability of `source`, as its copy would be. Throws Refusal where it cannot be copied.
Capability derived(const Slot& source, const Capability& cap);

Capability with_rights(Capability cap, Rights rights);
/// A badge for endpoints and notifications (Mint only), a guard for CNodes. Throws Refusal.
Capability with_datum(Capability cap, Word datum, bool mint);

} // namespace spec
