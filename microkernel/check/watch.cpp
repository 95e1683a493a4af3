// SPDX-License-Identifier: BSD-2-Clause
#include <check/invariants.hpp>
#include <check/watch.hpp>
#include <lib/assert.hpp>
#include <lib/log.hpp>

namespace kernel {
namespace {

constinit unsigned period = 0;
constinit unsigned countdown = 0;

void check_now() {
    const char* const broken = broken_invariant();
    if (!broken)
        return;
    log("KERNEL: an invariant is broken; docs/invariants.md has them by their number");
    panic(broken);
}

} // namespace

void check_every(unsigned entries) {
    period = entries;
    countdown = entries != 0 ? 1 : 0;
}

void watch_entry() {
    if (countdown != 0 && --countdown == 0) {
        countdown = period;
        check_now();
    }
    begin_stretch();
}

Word look_at_everything() {
    check_now();
    begin_stretch();
    return take_longest_stretch();
}

} // namespace kernel
