// SPDX-License-Identifier: BSD-2-Clause
// Compiled without instrumentation of its own.
#include <lockstep/coverage.hpp>

#include <array>

namespace lockstep::coverage {
namespace {

/// A way is a branch and the one taken before it, hashed.
constexpr size_t map_size = size_t{1} << 18;
std::array<uint8_t, map_size> seen;
size_t found = 0, reported = 0;
bool watching = false;
uintptr_t previous = 0;
unsigned steps_left = 0;
std::function<void()> on_step;

} // namespace

size_t take_new() {
    const size_t fresh = found - reported;
    reported = found;
    return fresh;
}

size_t total() { return found; }
void watch(bool on) { watching = on; }

void at_step(unsigned step, std::function<void()> action) {
    steps_left = step;
    on_step = std::move(action);
}

namespace {

void branch(uintptr_t place) {
    // Relative: the same in each run, wherever the program has been loaded.
    place -= reinterpret_cast<uintptr_t>(&total);
    const uintptr_t way = (place ^ previous >> 1 ^ previous << 7) * 0x9e37'79b9'7f4a'7c15 >> 46;
    previous = place;
    if (!seen[way]) {
        seen[way] = 1;
        found++;
    }
    if (steps_left != 0 && --steps_left == 0)
        on_step();
}

} // namespace

} // namespace lockstep::coverage

extern "C" void __sanitizer_cov_trace_pc() {
    if (!lockstep::coverage::watching)
        return;
    lockstep::coverage::branch(reinterpret_cast<uintptr_t>(__builtin_return_address(0)));
}
