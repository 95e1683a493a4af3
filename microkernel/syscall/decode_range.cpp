// SPDX-License-Identifier: BSD-2-Clause
// Methods of mapped paging structures on neighbouring entries. A call stops at the end of the table, at an entry that it
// cannot do, or, once it got somewhere, when an interrupt waits; it says how many entries are done.
#include <lifetime/preemption.hpp>
#include <paging_ring.hpp>
#include <space/address_space.hpp>
#include <syscall/invocation.hpp>
#include <syscall/map_item.hpp>

#include <algorithm>

namespace kernel {
namespace {

/// Steps of preemption that the lookup of one pointer takes, and what is done with its slot.
constexpr unsigned lookup_weight = 4;
constexpr unsigned bitmap_words = abi::max_range / abi::word_bits;

/// Neighbouring entries of one table.
struct Range {
    Asid asid;
    VirtAddr start;
    Level level;
    Entry* first;
    unsigned count;
    VirtAddr address_of(unsigned index) const { return start + (Word{index} << span_bits(level)); }
};

/// The root of the address space that the invoked structure is part of. InvalidCapability 0 if it is not mapped.
Answer<PhysAddr> root_of(const Capability& structure) {
    const bool is_mapped = structure.is(CapType::pml4) ? is_live_space(structure) : mapped_entry(structure) != nullptr;
    if (!is_mapped)
        return refuse(SyscallError::invalid_capability(0));
    return find_space(structure.asid());
}

/// Entries of `level` from `address` on. RangeError for the count, and for what the structure does not map;
/// AlignmentError; FailedLookup if there is no table.
Answer<Range> range_at(const Invocation& call, VirtAddr address, Level level, Word count) {
    const Capability& structure = call.cap();
    const PhysAddr root = TRY(root_of(structure));
    const Level own = table_level(structure.type());
    TRY(in_range(count, 1, abi::max_range));
    const unsigned reach_bits = span_bits(own) + 9;
    const Word first = own == Level::pml4 ? 0 : structure.mapped_at().raw();
    const Word last = std::min(first + bit(reach_bits), abi::user_end) - 1;
    if (address.raw() < first || address.raw() > last)
        return refuse(SyscallError::range(0, last));
    if (!address.is_aligned_to(bit(span_bits(level))))
        return refuse(SyscallError::alignment());
    Entry* const entry = TRY(find_place(root, address, level));
    const Word to_table_end = table_entries - table_index(address, level);
    const Word to_user_end = ((abi::user_end - 1 - address.raw()) >> span_bits(level)) + 1;
    const Word most = std::min({count, to_table_end, to_user_end});
    return Range{structure.asid(), address, level, entry, static_cast<unsigned>(most)};
}

/// From the words vaddr, size_bits, count, with which most of these calls begin. InvalidArgument 1 for a size that no entry
/// of this structure, or below it, has.
Answer<Range> range_of(const Invocation& call) {
    const Word level = (call.word(1) - 12) / 9 + 1;
    const Level own = table_level(call.cap().type());
    if (level > static_cast<Word>(own) || span_bits(static_cast<Level>(level)) != call.word(1))
        return refuse(SyscallError::invalid_argument(1));
    return range_at(call, VirtAddr(call.word(0)), static_cast<Level>(level), call.word(2));
}

/// Does `step` for entry after entry; it says whether a translation changed that may be cached. These are thrown away
/// together, at the end. The error of the first entry is the call's; MR0 = entries done, then `words`, if it has any. `weight`:
/// what one entry takes at most, in steps of preemption.
template <class Step>
Outcome for_each(const Invocation& call, const Range& range, std::span<const Word> words, const Step& step,
                 unsigned weight = 1) {
    Word done = 0;
    unsigned changed = 0;
    do {
        const Answer<bool> stepped = step(range.first[done], static_cast<unsigned>(done));
        if (!stepped && done == 0)
            return refuse(stepped.error());
        if (!stepped)
            break;
        changed += *stepped;
    } while (++done < range.count && !preemption_point(weight));
    note_range(call.method(), call.caller, call.word(0), call.word(3), range.level, done, range.asid);
    if (changed != 0 && range.count == 1)
        invalidate_page(range.asid, range.start);
    else if (changed != 0)
        invalidate_space(range.asid);
    return answer_with(call, {done}, words);
}

void mark(Word* bitmap, unsigned index) { bitmap[index / abi::word_bits] |= bit(index % abi::word_bits); }

/// Checks the cookies `first` + i * `step` of a range. InvalidArgument `number` if one is too large.
Checked check_cookies(const Range& range, Word first, Word step, Word number) {
    if (first > ones(abi::cookie_bits) || step > ones(abi::cookie_bits) ||
        first + (range.count - 1) * step > ones(abi::cookie_bits))
        return refuse(SyscallError::invalid_argument(number));
    return ok;
}

Outcome set_keeper(const Invocation& call) {
    TRY(call.need(6));
    const Range range = TRY(range_of(call));
    const Word keeper = call.word(3);
    const Word cookie = call.word(4);
    const Word step = call.word(5);
    if (keeper != abi::unchanged && keeper > ones(abi::keeper_bits))
        return refuse(SyscallError::invalid_argument(3));
    if (cookie != abi::unchanged)
        TRY(check_cookies(range, cookie, step, 4));
    return for_each(call, range, {}, [&](Entry& entry, unsigned i) -> Answer<bool> {
        update(entry, [&](Entry old) {
            const unsigned index = keeper == abi::unchanged ? old.keeper() : static_cast<unsigned>(keeper);
            return cookie == abi::unchanged || old.is_present() ? old.with_keeper(index)
                                                                : Entry::absent(index, cookie + i * step);
        });
        return false;
    });
}

Outcome map_range(const Invocation& call) {
    TRY(call.need(4));
    const abi::Place place(call.word(0));
    const Word first_slot = call.word(1);
    const Word count = call.word(2);
    const Word into = call.word(3);
    TRY(root_of(call.cap()));
    TRY(in_range(count, 1, abi::max_range));
    TRY(check_place(abi::PageRights::all(), place, 0));
    const auto slot_at = [&](Word pointer) { return find_source(call.caller, pointer); };
    // The first frame says of what size all are.
    Word empty = 0;
    Slot* slot = TRY(slot_at(first_slot));
    while (slot->is_empty() && ++empty < count) {
        interrupt_point(lookup_weight);
        slot = TRY(slot_at(first_slot + empty));
    }
    if (empty == count)
        return Outcome::value(count);
    if (!slot->cap.is(CapType::frame))
        return refuse(SyscallError::invalid_capability(1));
    const FrameSize size = slot->cap.frame_size();
    if (size == FrameSize::huge_1g && !kernel_state.features.huge_pages)
        return refuse(SyscallError::illegal_operation());
    if (frame_level(size) > table_level(call.cap().type()))
        return refuse(SyscallError::invalid_capability(1));
    Range range = TRY(range_at(call, VirtAddr(place.address()), frame_level(size), count));
    const Word room = (abi::user_end - place.address()) >> span_bits(range.level);
    if (room == 0)
        return refuse(SyscallError::range(0, abi::user_end - bit(frame_bits(size))));
    range.count = static_cast<unsigned>(std::min<Word>(range.count, room));
    const Entry blank = page_for(place, {}, range.level);
    const auto map_one = [&](Entry& entry, unsigned i) -> Answer<bool> {
        Slot& source = *TRY(slot_at(first_slot + i));
        const Capability& frame = source.cap;
        if (source.is_empty())
            return false;
        if (!frame.is(CapType::frame) || frame.frame_size() != size)
            return refuse(SyscallError::invalid_capability(1));
        const VirtAddr address = range.address_of(i);
        if (!place.copies() && !frame.is_mapped() && entry.is_empty() && may_give(frame, place.rights())) [[likely]] {
            map_frame(source, Entry(blank.raw() | frame.object().raw()), entry, range.asid, address);
            return false;
        }
        Slot* const copy = place.copies() ? TRY(slot_at(into + i)) : nullptr;
        TRY(map_frame_by_pager(range.asid, source, 1, place, address, entry, copy));
        return false; // what it replaced is gone already
    };
    return for_each(call, range, {}, map_one, place.copies() ? 2 * lookup_weight : lookup_weight);
}

Outcome protect(const Invocation& call) {
    TRY(call.need(4));
    const Range range = TRY(range_of(call));
    if (call.word(3) > abi::PageRights::all().raw())
        return refuse(SyscallError::invalid_argument(3));
    const abi::PageRights rights(call.word(3));
    return for_each(call, range, {}, [&](Entry& entry, unsigned) -> Answer<bool> {
        if (entry.is_table(range.level))
            return refuse(SyscallError::delete_first());
        if (!entry.is_present())
            return false;
        const auto restrict = [&](Entry page) { return page.restricted_to(rights, kernel_state.features.no_execute); };
        const Entry old = update(entry, restrict);
        return restrict(old) != old;
    });
}

Outcome unmap_range(const Invocation& call) {
    TRY(call.need(5));
    const Range range = TRY(range_of(call));
    const Word cookie = call.word(3);
    const Word step = call.word(4);
    TRY(check_cookies(range, cookie, step, 3));
    Word dirty[bitmap_words] = {};
    return for_each(call, range, dirty, [&](Entry& entry, unsigned i) -> Answer<bool> {
        if (entry.is_table(range.level))
            return refuse(SyscallError::delete_first());
        if (!entry.is_present())
            return false;
        if (exchange(entry, Entry::absent(entry.keeper(), cookie + i * step)).is_dirty())
            mark(dirty, i);
        return true;
    });
}

Outcome harvest(const Invocation& call) {
    TRY(call.need(4));
    const Range range = TRY(range_of(call));
    const Word clear = call.word(3);
    if (clear > (abi::was_accessed | abi::was_dirty))
        return refuse(SyscallError::invalid_argument(3));
    Word noted[2 * bitmap_words] = {}; // accessed, dirty
    return for_each(call, range, noted, [&](Entry& entry, unsigned i) -> Answer<bool> {
        if (!entry.is_page(range.level))
            return false;
        const auto forget = [&](Entry page) {
            return page.forgetting(clear & abi::was_accessed, clear & abi::was_dirty);
        };
        const Entry old = clear ? update(entry, forget) : entry;
        if (old.is_accessed())
            mark(noted, i);
        if (old.is_dirty())
            mark(noted + bitmap_words, i);
        return forget(old) != old;
    });
}

/// With size_bits 0 the entries on the way down to vaddr, from the invoked structure's own on.
Outcome read(const Invocation& call) {
    TRY(call.need(3));
    if (call.word(1) != 0) {
        const Range range = TRY(range_of(call));
        const unsigned count = std::min(range.count, abi::max_read);
        return answer_with(call, {count}, {reinterpret_cast<const Word*>(range.first), count});
    }
    const Level own = table_level(call.cap().type());
    const VirtAddr address(call.word(0));
    const Range range = TRY(range_at(call, address.aligned_down(bit(span_bits(own))), own, 1));
    Word words[4];
    Word count = 0;
    Entry* entry = range.first;
    for (Level level = own;; level = level_below(level)) {
        words[count++] = entry->raw();
        if (level == Level::pt || !entry->leads_on())
            return answer_with(call, {count}, {words, count});
        entry = entry_in(entry->table_address(), address, level_below(level));
    }
}

} // namespace

Outcome decode_range(const Invocation& call) {
    using abi::Invocation;
    switch (call.method()) {
    case Invocation::range_set_keeper: return set_keeper(call);
    case Invocation::range_map: return map_range(call);
    case Invocation::range_protect: return protect(call);
    case Invocation::range_unmap: return unmap_range(call);
    case Invocation::range_harvest: return harvest(call);
    case Invocation::range_read: return read(call);
    default: return unknown_method();
    }
}

} // namespace kernel
