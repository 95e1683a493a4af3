// SPDX-License-Identifier: BSD-2-Clause
// What pagers do: calls on ranges of entries, and what a new pager asks to learn how things are.
#include <lockstep/generator.hpp>

namespace lockstep {

using namespace spec;

namespace {

constexpr Word root = 2, depth = 64;

} // namespace

/// Frames in neighbouring slots to neighbouring places.
Operation Generator::map_range(Word structure, Word at, Word bits) {
    const Word frame = find_if([&](const Capability& cap) {
        return cap.is(Type::frame) && object_of<Frame>(cap).bits == bits && (!cap.mapping || chance(1, 4));
    });
    const Word first = frame == 0 ? any_capability() : frame - random_.below(2);
    const bool copies = chance(1, 4);
    static constexpr Word rights[] = {3, 3, 2, 6, 6, 7};
    const Word place = at | rights[random_.below(chance(1, 12) ? 6 : 5)] | chance(1, 3) << 3 | random_.below(2) << 4 |
                       Word{copies} << 7;
    return invocation(structure, Method::range_map, {place, first, 1 + random_.below(4), copies ? free_slot() : 0});
}

Operation Generator::range_method() {
    const Word structure = find_if([](const Capability& cap) { return is_table(cap.type) && cap.mapping; });
    if (structure == 0)
        return map_table();
    const Capability& cap = slot_at(structure).cap;
    static constexpr Word sizes[] = {12, 12, 12, 21, 21, 30, 39};
    const Word bits = sizes[random_.below(std::size(sizes))];
    const Word start = cap.is(Type::pml4) ? 0 : cap.mapping->address;
    Word at = chance(1, 2) ? address() : start + (random_.below(4) << bits);
    at = at >> bits << bits;
    const Word count = chance(1, 8) ? 1 + random_.below(512) : 1 + random_.below(6);
    const Word cookie = chance(1, 3)   ? 0
                        : chance(1, 4) ? power(cookie_bits) - 1 - random_.below(4)
                                       : random_.below(1000);
    const Word step = random_.below(3);
    switch (random_.below(8)) {
    case 0:
    case 1:
        return invocation(structure, Method::range_set_keeper,
                          {at, bits, count, chance(1, 4) ? unchanged : random_.below(chance(1, 10) ? 130 : 4),
                           chance(1, 3) ? unchanged : cookie, step});
    case 2:
    case 3: return map_range(structure, at, bits);
    case 4: return invocation(structure, Method::range_protect, {at, bits, count, random_.below(8)});
    case 5: return invocation(structure, Method::range_unmap, {at, bits, count, cookie, step});
    case 6: return invocation(structure, Method::range_harvest, {at, bits, count, random_.below(4)});
    default: return invocation(structure, Method::range_read, {at, chance(1, 3) ? 0 : bits, count});
    }
}

Word Generator::keeper_reply() {
    return find_if([](const Capability& cap) {
        if (!cap.is(Type::reply))
            return false;
        const Thread* const thread = object_of<Reply>(cap).thread;
        return thread && thread->state == ThreadState::awaiting_reply && thread->fault &&
               thread->fault->type == FaultType::keeper;
    });
}

/// Something to map where the thread has faulted, or nearby.
void Generator::add_item(std::vector<Word>& words, const Thread& waiter) {
    const Word address = waiter.fault->subject;
    const Word table =
        chance(1, 5)
            ? find_if([](const Capability& cap) { return is_table(cap.type) && !cap.is(Type::pml4) && !cap.mapping; })
            : 0;
    if (table != 0) {
        static constexpr unsigned spans[] = {21, 30, 39};
        const auto level = static_cast<unsigned>(slot_at(table).cap.type) - static_cast<unsigned>(Type::page_table);
        words.insert(words.end(), {table, address >> spans[level] << spans[level]});
        return;
    }
    const bool copies = chance(1, 4), any_size = chance(1, 10);
    const Word frame = find_if([&](const Capability& cap) {
        return cap.is(Type::frame) && (copies || !cap.mapping || chance(1, 6)) &&
               (any_size || object_of<Frame>(cap).bits == 12);
    });
    static constexpr Word rights[] = {3, 3, 2, 6, 7};
    const Word place = ((address >> 12) + (chance(1, 4) ? random_.below(4) : 0)) << 12 |
                       rights[random_.below(chance(1, 10) ? 5 : 4)] | chance(1, 3) << 3 | random_.below(2) << 4 |
                       Word{copies} << 7;
    words.insert(words.end(), {frame ? frame : any_capability(), place});
    if (copies)
        words.push_back(chance(1, 3) ? find(Type::frame) : free_slot());
}

Operation Generator::answer_keeper_fault(Word reply) {
    Operation operation = system_call(static_cast<Word>(system_call::reply_map_recv), find(Type::endpoint));
    operation.r12 = chance(1, 20) ? find(Type::reply) : reply;
    const Thread& waiter = *object_of<Reply>(slot_at(reply).cap).thread;
    const bool may_map = waiter.keeping.keeper != 0 && !waiter.keeping.authority_ended;
    operation.label = chance(may_map ? 5 : 2, 6) ? 0 : random_.below(chance(1, 10) ? 4 : 3);
    if (operation.label == 1)
        operation.words = {random_.below(chance(1, 10) ? 300 : 256)};
    else if (operation.label == 2)
        operation.words = {find(Type::endpoint), random_.of_any_size(chance(1, 10) ? 40 : 36),
                           chance(1, 2) ? 7 : random_.below(9)};
    else
        for (Word items = chance(1, 12) ? 22 : random_.below(4); items > 0; items--)
            add_item(operation.words, waiter);
    operation.length = static_cast<unsigned>(operation.words.size());
    return operation;
}

Operation Generator::pager_method() {
    switch (random_.below(10)) {
    case 0: {
        const Word mapped = find_if([](const Capability& cap) { return cap.is(Type::frame) && cap.mapping; });
        return invocation(mapped, Method::page_evict, {chance(1, 2) ? 0 : random_.of_any_size(36)});
    }
    case 1:
        return invocation(root, Method::cnode_inspect,
                          {first_slot + random_.below(slot_count), depth, 1 + random_.below(39)});
    case 2: {
        const Word waited_on = find_if([](const Capability& cap) {
            return cap.is(Type::reply) && object_of<Reply>(cap).thread &&
                   object_of<Reply>(cap).thread->state == ThreadState::awaiting_reply;
        });
        return invocation(root, Method::cnode_recall,
                          {waited_on && chance(1, 3) ? waited_on : find(Type::reply), depth});
    }
    case 3: return invocation(thread_capability(), Method::tcb_status);
    default: return range_method();
    }
}

} // namespace lockstep
