// SPDX-License-Identifier: BSD-2-Clause
// Calls on neighbouring entries of one table, through any paging structure that leads there.
#include <spec/address_space.hpp>
#include <spec/copying.hpp>
#include <spec/cspace.hpp>
#include <spec/deletion.hpp>
#include <spec/invocation.hpp>
#include <spec/pager.hpp>

#include <algorithm>
#include <functional>

namespace spec {
namespace {

constexpr Word most_entries = 512, most_shown = 119;

struct Range {
    Table* table;
    unsigned first;
    unsigned count;
    unsigned asid;
    Word start;
    Location at(unsigned i) const { return {table, first + i}; }
    Word address(unsigned i) const { return start + (Word{i} << span(table->type)); }
};

const Capability& structure(const Invocation& invocation) { return invocation.target.cap; }

void need_hooked_in(const Invocation& invocation) {
    if (!is_hooked_in(invocation.system, structure(invocation)))
        throw invalid_capability(0);
}

void need_count(Word count) {
    if (count < 1 || count > most_entries)
        throw range_error(1, most_entries);
}

/// Entries that span 2^bits bytes, from `address` on: as many as there are in their table and in the user half.
Range range_at(const Invocation& invocation, Word address, unsigned bits, Word count) {
    const Capability& cap = structure(invocation);
    need_hooked_in(invocation);
    need_count(count);
    const Word lowest = cap.is(Type::pml4) ? 0 : cap.mapping->address;
    const Word end = std::min(lowest + power(span(cap.type) + 9), user_end);
    if (address < lowest || address >= end)
        throw range_error(0, end - 1);
    if (address % power(bits) != 0)
        throw alignment_error();
    Table& space = *space_of(invocation.system, cap.mapping->asid);
    Table& table = need_table(invocation.system, space, address, bits);
    const unsigned first = index_in(table, address);
    const Word in_user_half = (user_end - address + power(bits) - 1) / power(bits);
    const Word possible = std::min({count, Word{512} - first, in_user_half});
    return {&table, first, static_cast<unsigned>(possible), cap.mapping->asid, address};
}

/// Words 0 to 2: address, what an entry spans, count.
Range range_of(const Invocation& invocation) {
    const Word bits = invocation.word(1);
    const bool is_span = bits == 12 || bits == 21 || bits == 30 || bits == 39;
    if (!is_span || bits > span(structure(invocation).type))
        throw invalid_argument(1);
    return range_at(invocation, invocation.word(0), static_cast<unsigned>(bits), invocation.word(2));
}

/// One entry after the other, until one is refused or an interrupt arrives; returns how many. The first may not be refused.
unsigned for_each(const Invocation& invocation, const Range& range, const std::function<void(unsigned)>& step) {
    unsigned done = 0;
    try {
        while (done < range.count && done < invocation.system.entries_until_interrupt)
            step(done), done++;
    } catch (const Refusal&) {
        if (done == 0)
            throw;
    }
    return done;
}

/// Cookies `first`, `first` + `step`, ..., one for each entry: none may be too large.
void check_cookies(const Range& range, Word first, Word step, Word number) {
    const Word limit = power(cookie_bits);
    if (first >= limit || step >= limit || first + (range.count - 1) * step >= limit)
        throw invalid_argument(number);
}

Words set_keeper(const Invocation& invocation) {
    invocation.need(6);
    const Range range = range_of(invocation);
    const Word keeper = invocation.word(3), cookie = invocation.word(4), step = invocation.word(5);
    if (keeper != unchanged && keeper >= power(keeper_bits))
        throw invalid_argument(3);
    if (cookie != unchanged)
        check_cookies(range, cookie, step, 4);
    return {for_each(invocation, range, [&](unsigned i) {
        TableEntry entry = range.at(i).entry();
        if (keeper != unchanged)
            entry.keeper = static_cast<unsigned>(keeper);
        if (cookie != unchanged && !entry.present())
            entry.cookie = cookie + i * step;
        range.at(i).set(entry);
    })};
}

Words protect(const Invocation& invocation) {
    invocation.need(4);
    const Range range = range_of(invocation);
    if (invocation.word(3) > 7)
        throw invalid_argument(3);
    const PageRights left = PageRights::of(invocation.word(3));
    return {for_each(invocation, range, [&](unsigned i) {
        TableEntry entry = range.at(i).entry();
        if (entry.is_table())
            throw delete_first();
        if (!entry.is_page())
            return;
        entry.read &= left.read;
        entry.write &= left.write;
        if (!left.execute)
            entry.attributes |= execute_never;
        range.at(i).set(entry);
    })};
}

/// One bit an entry.
struct Bitmap {
    std::array<Word, most_entries / 64> words{};
    void set(unsigned index) { words[index / 64] |= power(index % 64); }
};

Words with_bitmaps(Word done, std::initializer_list<Bitmap> bitmaps) {
    Words words{done};
    for (const Bitmap& bitmap : bitmaps) {
        for (Word word : bitmap.words)
            words.add(word);
    }
    return words;
}

Words unmap_range(const Invocation& invocation) {
    invocation.need(5);
    const Range range = range_of(invocation);
    const Word cookie = invocation.word(3), step = invocation.word(4);
    check_cookies(range, cookie, step, 3);
    Bitmap dirty;
    const unsigned done = for_each(invocation, range, [&](unsigned i) {
        const TableEntry entry = range.at(i).entry();
        if (entry.is_table())
            throw delete_first();
        if (!entry.is_page())
            return;
        if (entry.dirty)
            dirty.set(i);
        range.at(i).set(entry.without(cookie + i * step));
    });
    return with_bitmaps(done, {dirty});
}

Words harvest(const Invocation& invocation) {
    invocation.need(4);
    const Range range = range_of(invocation);
    const Word clear = invocation.word(3);
    if (clear > 3)
        throw invalid_argument(3);
    Bitmap accessed, dirty;
    const unsigned done = for_each(invocation, range, [&](unsigned i) {
        TableEntry entry = range.at(i).entry();
        if (!entry.is_page())
            return;
        if (entry.accessed)
            accessed.set(i);
        if (entry.dirty)
            dirty.set(i);
        entry.accessed &= !(clear & 1);
        entry.dirty &= !(clear & 2);
        range.at(i).set(entry);
    });
    return with_bitmaps(done, {accessed, dirty});
}

/// The entries as they are in memory.
Words read(const Invocation& invocation) {
    invocation.need(3);
    Words words;
    if (invocation.word(1) != 0) {
        const Range range = range_of(invocation);
        const Word count = std::min<Word>(range.count, most_shown);
        words.add(count);
        for (unsigned i = 0; i < count; i++)
            words.add(in_memory(range.at(i).entry(), range.table->type));
        return words;
    }
    const unsigned bits = span(structure(invocation).type);
    const Word address = invocation.word(0);
    Location place = range_at(invocation, address >> bits << bits, bits, 1).at(0);
    words.add(0);
    Words shown;
    for (;;) {
        const TableEntry entry = place.entry();
        shown.add(in_memory(entry, place.table->type));
        if (!entry.is_table())
            break;
        auto& below = static_cast<Table&>(*invocation.system.objects.at(entry.address));
        place = {&below, index_in(below, address)};
    }
    words = {shown.size()};
    words.add(shown);
    return words;
}

Words map_range(const Invocation& invocation) {
    invocation.need(4);
    const Place place = Place::of(invocation.word(0));
    const Word first_slot = invocation.word(1), count = invocation.word(2), into = invocation.word(3);
    need_hooked_in(invocation);
    need_count(count);
    check_place(place, {true, true, true}, 0);
    Word empty = 0;
    while (empty < count && source_slot(invocation.caller, first_slot + empty).empty())
        empty++;
    if (empty == count)
        return {count};
    const Capability& shows_size = source_slot(invocation.caller, first_slot + empty).cap;
    if (!shows_size.is(Type::frame))
        throw invalid_capability(1);
    const unsigned bits = object_of<Frame>(shows_size).bits;
    if (bits > span(structure(invocation).type))
        throw invalid_capability(1);
    Range range = range_at(invocation, place.address, bits, count);
    const Word room = (user_end - place.address) / power(bits);
    if (room == 0)
        throw range_error(0, user_end - power(bits));
    range.count = static_cast<unsigned>(std::min<Word>(range.count, room));
    return {for_each(invocation, range, [&](unsigned i) {
        Slot& source = source_slot(invocation.caller, first_slot + i);
        if (source.empty())
            return;
        if (!source.cap.is(Type::frame) || object_of<Frame>(source.cap).bits != bits)
            throw invalid_capability(1);
        Slot* const copy = place.copy ? &source_slot(invocation.caller, into + i) : nullptr;
        map_page(invocation.system, source, place, {range.asid, range.address(i)}, range.at(i), copy, 1);
    })};
}

} // namespace

Words invoke_range(Invocation& invocation) {
    switch (invocation.method) {
    case Method::range_set_keeper: return set_keeper(invocation);
    case Method::range_map: return map_range(invocation);
    case Method::range_protect: return protect(invocation);
    case Method::range_unmap: return unmap_range(invocation);
    case Method::range_harvest: return harvest(invocation);
    case Method::range_read: return read(invocation);
    default: throw illegal_operation();
    }
}

} // namespace spec
