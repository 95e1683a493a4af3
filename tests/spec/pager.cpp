// SPDX-License-Identifier: BSD-2-Clause
#include <spec/pager.hpp>

#include <spec/copying.hpp>
#include <spec/cspace.hpp>
#include <spec/deletion.hpp>

namespace spec {
namespace {

/// Mapped at another place than `here`: the capability's note holds, and names another entry.
bool is_elsewhere(const System& system, const Capability& frame, const Location& here) {
    const std::optional<Location> place = location_of(system, frame);
    return place && *place != here;
}

} // namespace

Word in_memory(const TableEntry& entry, Type table) {
    const Word keeper = Word{entry.keeper} << 52;
    if (!entry.present())
        return keeper | (entry.cookie == 0 ? 0 : entry.cookie << 7 | Word{0x1ff} << 43);
    const Word noted = Word{entry.accessed} << 5 | Word{entry.dirty} << 6;
    if (entry.is_table())
        return entry.address | 7 | keeper | noted;
    const Word type = entry.attributes & 7;
    Word raw = entry.address | 1 | Word{entry.write} << 1 | Word{entry.read} << 2 | (type & 3) << 3 | keeper | noted;
    raw |= (entry.attributes & execute_never) << 60;
    // In a page table bit 7 is PAT; above it says that this is a page, and PAT is bit 12. 1 GiB frames ignore PAT.
    if (table == Type::page_table)
        return raw | (type >> 2) << 7;
    return raw | 1 << 7 | (table == Type::page_directory ? (type >> 2) << 12 : 0);
}

Place Place::of(Word word) {
    return {word, word & ~Word{0xfff}, PageRights::of(word), (word >> 3 & 1) != 0, (word >> 7 & 1) != 0, word >> 4 & 7};
}

void check_place(const Place& place, PageRights most, Word number) {
    const bool reserved = (place.raw >> 8 & 15) != 0 || place.raw >> 47 != 0;
    if (reserved || place.memory_type > 4 || !place.rights.read)
        throw invalid_argument(number);
    const PageRights& rights = place.rights;
    if ((rights.write && rights.execute) || (rights.write && !most.write) || (rights.read && !most.read) ||
        (rights.execute && !most.execute))
        throw illegal_operation();
}

Slot& source_slot(Thread& thread, Word pointer) {
    try {
        return lookup(thread, pointer);
    } catch (const LookupFailure& failure) {
        throw failed_lookup(true, failure);
    }
}

void map_page(System& system, Slot& source, const Place& place, const Mapping& where, const Location& entry, Slot* copy,
              Word number) {
    Frame& frame = object_of<Frame>(source.cap);
    if (!source.cap.rights.read || (place.rights.write && !source.cap.rights.write))
        throw illegal_operation();
    if (!copy && is_elsewhere(system, source.cap, entry))
        throw invalid_capability(number);
    const TableEntry old = entry.entry();
    const bool is_here = !copy && location_of(system, source.cap) == entry;
    if (old.is_table() || (!old.empty() && !place.replace && !is_here))
        throw delete_first();
    if (copy && !copy->empty()) {
        const bool may_go =
            copy != &source && place.replace && copy->cap.is(Type::frame) && !is_elsewhere(system, copy->cap, entry);
        if (!may_go)
            throw delete_first();
    }

    if (copy) {
        delete_capability(system, *copy);
        derive(*copy, derived(source, source.cap), source);
    }
    const Word attributes = place.memory_type | (place.rights.execute ? 0 : execute_never);
    entry.set({TableEntry::Kind::page, frame.address, true, place.rights.write, attributes, old.keeper});
    (copy ? copy : &source)->cap.mapping = where;
}

} // namespace spec
