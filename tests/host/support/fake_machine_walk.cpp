// SPDX-License-Identifier: BSD-2-Clause
// The tests' own walk of page tables, which shares nothing with the kernel's.
#include <support/fake_machine.hpp>

namespace test {

Word FakeMachine::leaf(PhysAddr root, Word address, unsigned* level) {
    const auto* table = reinterpret_cast<const Word*>(host_window_base + root.raw());
    for (unsigned depth = 4;; depth--) {
        const Word entry = table[address >> (12 + 9 * (depth - 1)) & 511];
        if ((entry & 1) == 0)
            return 0;
        if (depth == 1 || (entry & 0x80)) {
            if (level)
                *level = depth;
            return entry;
        }
        table = reinterpret_cast<const Word*>(host_window_base + (entry & 0x000f'ffff'ffff'f000));
    }
}

} // namespace test
