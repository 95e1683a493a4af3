// SPDX-License-Identifier: BSD-2-Clause
#include <spec/keeper.hpp>

#include <algorithm>

namespace spec {
namespace {

constexpr unsigned pages_shown = 16;
constexpr unsigned most_repeats = 0xffff;

unsigned level_of(const Table& table) {
    return 1 + static_cast<unsigned>(table.type) - static_cast<unsigned>(Type::page_table);
}

KeeperWalk walk_of(const System& system, const Thread& thread) {
    const Capability& space = thread.cap(vspace);
    const Word address = thread.fault->subject;
    if (address >= user_end || !is_live_space(system, space))
        return {};
    return walk_to_keeper(system, object_of<Table>(space), address);
}

/// One bit for each of the aligned 16 pages around: something is there, or its entry has another index.
Word hands_off(const Location& place) {
    Word bits = 0;
    for (unsigned i = 0; i < pages_shown; i++) {
        const TableEntry neighbour = place.table->entry(place.index / pages_shown * pages_shown + i);
        if (!neighbour.empty() || neighbour.keeper != place.entry().keeper)
            bits |= power(i);
    }
    return bits;
}

bool permits(const TableEntry& page, Word error_code) {
    const bool writes = (error_code & 2) != 0, fetches = (error_code & 16) != 0;
    return page.is_page() && page.read && (page.write || !writes) && (!(page.attributes & execute_never) || !fetches);
}

void note_repeat(Keeping& keeping, Word ip, Word address) {
    const bool repeats = keeping.ip == ip && keeping.page == address / 4096;
    keeping.repeats = repeats ? std::min(keeping.repeats + 1, most_repeats) : 0;
    keeping.went_on &= repeats;
    keeping.ip = ip;
    keeping.page = address / 4096;
}

} // namespace

KeeperWalk walk_to_keeper(const System& system, Table& pml4, Word address, unsigned until_bits) {
    KeeperWalk walk;
    for (Table* table = &pml4;;) {
        walk.end = Location{table, index_in(*table, address)};
        walk.level = level_of(*table);
        const TableEntry entry = walk.entry();
        if (entry.keeper != 0) {
            walk.keeper = entry.keeper;
            walk.keeper_level = walk.level;
        }
        if (!entry.is_table() || span(table->type) == until_bits)
            return walk;
        table = static_cast<Table*>(system.objects.at(entry.address).get());
    }
}

const Capability* keeper_endpoint(const Thread& thread, unsigned index) {
    const CNode& table = object_of<CNode>(thread.cap(fault_handler));
    const auto slot = table.slots.find(index);
    if (slot == table.slots.end())
        return nullptr;
    const Capability& cap = slot->second.cap;
    const bool usable = cap.is(Type::endpoint) && cap.rights.write && (cap.rights.grant || cap.rights.grant_reply);
    return usable ? &cap : nullptr;
}

const Capability* begin_keeper_fault(System& system, Thread& thread) {
    thread.fault->type = FaultType::keeper;
    Keeping& keeping = thread.keeping;
    note_repeat(keeping, thread.registers[rip], thread.fault->subject);
    const KeeperWalk walk = walk_of(system, thread);
    const Capability* const asked = walk.keeper != 0 ? keeper_endpoint(thread, walk.keeper) : nullptr;
    keeping.keeper = asked ? walk.keeper : 0;
    keeping.why = asked              ? Keeping::Why::not_supervisor
                  : walk.keeper == 0 ? Keeping::Why::no_keeper
                                     : Keeping::Why::no_endpoint;
    keeping.denial = 0;
    keeping.rights = {true, true, true};
    keeping.shown_cookie.reset();
    keeping.authority_ended = false;
    return asked ? asked : keeper_endpoint(thread, 0);
}

Words keeper_message(const System& system, const Thread& thread) {
    const Keeping& keeping = thread.keeping;
    const KeeperWalk walk = walk_of(system, thread);
    const Word keeper = keeping.why == Keeping::Why::not_supervisor ? keeping.keeper : walk.keeper;
    Word info = (thread.fault->detail & 255) | Word{walk.level} << 8 | Word{walk.keeper_level} << 11 | keeper << 14;
    info |= static_cast<Word>(keeping.why) << 21 | keeping.denial << 24 | Word{keeping.repeats} << 32;
    if (walk.level == 1)
        info |= hands_off(*walk.end) << 48;
    return {thread.registers[rip], thread.fault->subject, info, keeping.shown_cookie.value_or(walk.entry().cookie)};
}

bool is_settled(const System& system, Thread& thread) {
    const bool permitted = permits(walk_of(system, thread).entry(), thread.fault->detail);
    thread.keeping.went_on = permitted && !thread.keeping.went_on;
    return thread.keeping.went_on;
}

} // namespace spec
