// SPDX-License-Identifier: BSD-2-Clause
// The longest stretch of the kernel with interrupts off. Under the deterministic clock a tick of the time-stamp counter
// is an instruction, and each step of a repeated one counts.
#pragma once

#include <sys/util/log.hpp>
#include <tests/system/lib/invoke.hpp>

namespace test {

/// What the kernel may do at most before it looks for interrupts.
inline constexpr Word most_instructions = 5000;

/// The longest stretch since the last look, as the debug kernel noted it.
inline Word take_longest_stretch() {
    sys::raw::Registers registers;
    sys::raw::enter(abi::Syscall::debug_snapshot, registers);
    return registers.mr0;
}

/// Notes a failure if some stretch since the last look was too long.
inline void check_longest_stretch(const Where& where) {
    const Word longest = take_longest_stretch();
    sys::log("{} instructions: {}", longest, where.text);
    check(longest > 0 && longest < most_instructions, where);
}

/// The same for what `action` does.
template <class Action>
void check_stretch(Action action, const Where& where) {
    take_longest_stretch();
    action();
    check_longest_stretch(where);
}

/// A piece of 2^bits bytes of the RAM that the root task has not used; null if there is none.
inline Result<Cap<sys::Untyped>> take_ram(unsigned bits) {
    const abi::SlotRegion region = boot_info().untyped;
    for (Word i = 0; i < region.count(); ++i) {
        const abi::UntypedDescriptor& piece = boot_info().untyped_list[i];
        if (!piece.is_device && piece.size_bits >= bits && piece.size_bits > arena_bits + 1) {
            if (auto taken = make_untyped(bits, sys::Untyped(region.start + i)))
                return taken;
        }
    }
    return sys::Error{abi::Error::not_enough_memory};
}

} // namespace test

/// The arguments are the action.
#define CHECK_STRETCH(...) test::check_stretch([&] { __VA_ARGS__; }, TEST_WHERE(#__VA_ARGS__))
