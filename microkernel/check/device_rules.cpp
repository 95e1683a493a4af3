// SPDX-License-Identifier: BSD-2-Clause
#include <check/rules.hpp>
#include <interrupt/irq_lines.hpp>
#include <system.hpp>

namespace kernel {
namespace {

Word bits_set(uint64_t word) {
    Word count = 0;
    for (; word != 0; word &= word - 1)
        count++;
    return count;
}

Sound check_lines(Census& census) {
    for (unsigned line = 0; line < irq_line_count; line++) {
        const Slot& handler = kernel_state.irqs[line].handler;
        census.lines.there += irq_line_in_use(line);
        TRY(check_slots(&handler, 1, Place::interrupt_line, census));
        TRY(holds(handler.is_empty() || handler.cap.is(CapType::notification),
                  "7: interrupt lines signal notifications"));
        TRY(holds(handler.is_empty() || irq_line_in_use(line), "7: a line that nobody has signals nobody"));
    }
    return sound;
}

} // namespace

Sound check_devices(Census& census) {
    TRY(check_lines(census));
    for (const uint64_t word : kernel_state.issued_ports)
        census.ports.there += bits_set(word);
    for (const bool exists : kernel_state.asid_pools)
        census.pools.there += exists;
    TRY(holds(kernel_state.spaces[0] == 1, "22: no address space has the number 0"));
    for (unsigned asid = 1; asid < kernel_state.spaces.size(); asid++) {
        const Word space = kernel_state.spaces[asid];
        if (space == 0) [[likely]]
            continue;
        census.spaces.there++;
        TRY(holds(asid_in(space).value == asid && kernel_state.asid_pools[asid / abi::asid_pool_entries],
                  "22: a space has the number that it is found by, out of a pool that exists"));
    }
    return sound;
}

} // namespace kernel
