// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/instructions.hpp>
#include <check/stretch.hpp>

#include <algorithm>
#include <utility>

namespace kernel {
namespace {

constinit Word began = 0;
constinit Word longest = 0;

} // namespace

void begin_stretch() { began = x86::rdtsc(); }
void end_stretch() { longest = std::max(longest, x86::rdtsc() - began); }
Word take_longest_stretch() { return std::exchange(longest, 0); }

} // namespace kernel
