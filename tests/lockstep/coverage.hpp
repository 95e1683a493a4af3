// SPDX-License-Identifier: BSD-2-Clause
// Which ways through the kernel's code have been taken: the compiler calls in here at every branch of the kernel core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace lockstep::coverage {

/// Branches count only meanwhile: the checks call the kernel's code as well.
void watch(bool on);
/// Ways not taken before, since the last time somebody asked.
size_t take_new();
size_t total();

/// `action` is called once, when the kernel has taken `step` more branches (0: never).
void at_step(unsigned step, std::function<void()> action);

} // namespace lockstep::coverage
