// SPDX-License-Identifier: BSD-2-Clause
// What always holds between two kernel entries, in one place: for host tests after every operation, and for debug
// kernels now and then and on demand. Only looks, changes nothing. docs/invariants.md numbers the rules and says which
// are checked elsewhere.
#pragma once

namespace kernel {

/// Words for the first invariant found broken, with its number; null if all hold. All that there is is looked at, whoever
/// may reach it: the list of all capabilities leads to every object.
const char* broken_invariant();

} // namespace kernel
