// SPDX-License-Identifier: BSD-2-Clause
// What page tables may say, and who records it.
#include <cap/derivation.hpp>
#include <check/machine_record.hpp>
#include <check/rules.hpp>
#include <space/address_space.hpp>
#include <space/mapping.hpp>

namespace kernel {
namespace {

constexpr Word software_bits = bit(9) | bit(10) | bit(11), keys = Word{15} << 59, global = bit(8);
constexpr Word keeper_bits = ones(7) << 52;
constexpr Word set_by_cpu = bit(5); ///< in entries that lead to tables: accessed

/// Nothing but a keeper index, or a cookie with bits 43-51 set, which is above all RAM.
bool names_no_memory(Entry entry) {
    const Word rest = entry.raw() & ~keeper_bits;
    constexpr Word above_ram = ones(9) << 43, cookie = (ones(36) << 7) | above_ram;
    return rest == 0 || ((rest & ~cookie) == 0 && (rest & above_ram) == above_ram);
}

/// As Entry::table makes it; the CPU may set the accessed bit.
bool is_well_formed_table(Entry entry) {
    constexpr Word fixed = ~(keeper_bits | set_by_cpu | (ones(52) & ~ones(12)));
    return (entry.raw() & fixed) == (Entry::table(PhysAddr{}, 0).raw() & fixed);
}

/// As Entry::page can make it; the CPU may set the accessed and dirty bits.
bool is_well_formed_page(Entry entry, Level level) {
    const Word type = level == Level::pd ? bit(12) : 0;
    const Word below_page = ones(span_bits(level)) & ~ones(12) & ~type;
    const Word no_execute = kernel_state.features.no_execute ? 0 : bit(63);
    return (entry.raw() & (software_bits | keys | global | below_page | no_execute)) == 0;
}

/// A table of the user half of an address space, with all that hangs below it. `base`: what it begins with.
template <Level level>
Sound check_table(PhysAddr table, Word base, Census& census) {
    constexpr unsigned entries = level == Level::pml4 ? layout::first_kernel_entry : table_entries;
    for (unsigned i = 0; i < entries; i++) {
        const Entry entry = window<Table>(table)->entries[i];
        const Word address = base + (Word{i} << span_bits(level));
        if (!entry.is_present()) {
            TRY(holds(names_no_memory(entry), "22b: an entry that is not present names no memory"));
            TRY(holds(entry == Entry::absent(entry.keeper(), entry.cookie()),
                      "42: an entry that is not present holds a keeper index and a cookie, and nothing else"));
        } else if (entry.is_page(level)) {
            census.pages.there++;
            TRY(holds(level <= Level::pdpt && is_well_formed_page(entry, level),
                      "15: an entry that maps a page has no bit that it should not have"));
            TRY(holds(address + bit(span_bits(level)) <= abi::user_end,
                      "17: the last page of the lower half is never mapped"));
        } else {
            census.tables.there++;
            TRY(holds(is_well_formed_table(entry),
                      "15: an entry that leads to a table has all rights and no bit that it should not have"));
            TRY(holds(is_ram(entry.table_address()), "15: tables are in RAM"));
            if constexpr (level != Level::pt)
                TRY(check_table<level_below(level)>(entry.table_address(), address, census));
        }
    }
    return sound;
}

bool is_same_place(const Capability& a, const Capability& b) {
    return a.is_mapped() && b.is_mapped() && a.asid() == b.asid() && a.mapped_at() == b.mapped_at();
}

bool gives(const Capability& frame, Entry entry) {
    return (!entry.is_writable() || frame.rights().can_write()) && (!entry.is_user() || frame.rights().can_read());
}

/// A table of the kernel half: nothing for ring 3, nothing writable and executable, no way to write the kernel's text.
template <Level level>
Sound check_kernel_table(PhysAddr table, PhysRange text) {
    constexpr unsigned first = level == Level::pml4 ? layout::first_kernel_entry : 0;
    for (unsigned i = first; i < table_entries; i++) {
        const Entry entry = window<Table>(table)->entries[i];
        if (!entry.is_present())
            continue;
        TRY(holds(!entry.is_user(), "17: ring 3 cannot reach the kernel half"));
        if (entry.is_page(level)) {
            const PhysAddr page = entry.page_address(level);
            TRY(holds(!entry.is_writable() || !entry.is_executable() || !kernel_state.features.no_execute,
                      "18: nothing in the kernel half is writable and executable"));
            TRY(holds(!entry.is_writable() || !text.overlaps({page, page + bit(span_bits(level))}),
                      "18: the kernel's text is writable nowhere"));
        } else if constexpr (level != Level::pt) {
            TRY(check_kernel_table<level_below(level)>(entry.table_address(), text));
        }
    }
    return sound;
}

Sound check_own_tables(PhysAddr pml4) {
    Word user_half = 0;
    for (unsigned i = 0; i < layout::first_kernel_entry; i++)
        user_half |= window<Table>(pml4)->entries[i].raw();
    TRY(holds(user_half == 0, "17: the kernel's own tables show nothing in the user half"));
    return check_kernel_table<Level::pml4>(pml4, machine_record().text);
}

} // namespace

Sound check_space(const Capability& pml4, Census& census) {
    const Table& table = *window<Table>(pml4.object());
    const Table& shown = *window<Table>(kernel_state.visible_pml4);
    Word difference = 0;
    for (unsigned i = layout::first_kernel_entry; i < table_entries; i++)
        difference |= table.entries[i].raw() ^ shown.entries[i].raw();
    TRY(holds((difference & ~set_by_cpu) == 0, "17: all address spaces have the same kernel half"));
    if (!is_live_space(pml4))
        return sound;
    census.spaces.here++;
    return check_table<Level::pml4>(pml4.object(), 0, census);
}

Sound check_structure(const Capability& structure, Census& census) {
    census.tables.here += mapped_entry(structure) != nullptr;
    return sound;
}

Sound check_frame(const Slot& slot, Census& census) {
    const Entry* const entry = mapped_entry(slot.cap);
    if (!entry)
        return sound;
    // Of several capabilities that record the place the first in the list counts.
    const Slot* first = &slot;
    for (const Slot* at = slot.previous(); at && same_object(*at, slot); at = at->previous()) {
        if (is_same_place(at->cap, slot.cap))
            first = at;
    }
    if (first != &slot)
        return sound;
    census.pages.here++;
    bool given = false;
    for (const Slot* at = first; at && same_object(*at, slot) && !given; at = at->next())
        given = is_same_place(at->cap, slot.cap) && gives(at->cap, *entry);
    return holds(given, "19: a mapped page has no right that no capability which records it has");
}

Sound check_kernel_space() {
    TRY(check_own_tables(kernel_state.kernel_pml4));
    return kernel_state.visible_pml4 == kernel_state.kernel_pml4 ? Sound(sound)
                                                                 : check_own_tables(kernel_state.visible_pml4);
}

} // namespace kernel
