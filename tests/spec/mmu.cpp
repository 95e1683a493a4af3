// SPDX-License-Identifier: BSD-2-Clause
#include <spec/mmu.hpp>

namespace spec::mmu {

bool Entry::reserved_bits_set(unsigned level, unsigned physical_bits) const {
    const Word above_memory = ((Word{1} << 52) - 1) & ~((Word{1} << physical_bits) - 1);
    if (raw & above_memory)
        return true;
    if (level == 4)
        return raw >> 7 & 1;
    // A large page's address is aligned: from bit 13 (12 is PAT) up to its size.
    if (level > 1 && maps_page(level))
        return (raw & ((Word{1} << span_bits(level)) - 1) & ~Word{0x1fff}) != 0;
    return false;
}

std::optional<Translation> translate(const Memory& memory, Word pml4, Word address) {
    constexpr unsigned physical_bits = 52;
    bool writable = true, user = true, executable = true;
    Word table = pml4;
    for (unsigned level = 4;; level--) {
        const Entry entry{memory(table)[index_of(address, level)]};
        if (!entry.present() || entry.reserved_bits_set(level, physical_bits))
            return std::nullopt;
        writable &= entry.writable();
        user &= entry.user();
        executable &= !entry.execute_disable();
        if (entry.maps_page(level)) {
            const Word offset = address & ((Word{1} << span_bits(level)) - 1);
            return Translation{entry.page(level) | offset, span_bits(level), writable, user, executable,
                               entry.memory_type(level)};
        }
        table = entry.next_table();
    }
}

} // namespace spec::mmu
