// SPDX-License-Identifier: BSD-2-Clause
// Stories of what clients want of a pager that dies while it is told.
#pragma once

#include <functional>
#include <pager_machine.hpp>

namespace test {

/// One thing that somebody wants. Whoever waits for the answer of a pager that dies asks again, so each must be able to see
/// that it was done.
struct Wish {
    std::function<void(Machine&)> ask;
};

inline void map_once(Machine& machine, Word who, Region region, Word request, Range present = {}) {
    region.request = request;
    if (machine.client(who)->regions.made_by(request) == nullptr)
        must(machine.spaces().map(*machine.client(who), region, present));
}

inline void unmap_once(Machine& machine, Word who, Word address, Word request) {
    for (const Client::Ended& ended : machine.client(who)->ended)
        if (ended.request == request)
            return;
    Region* const region = machine.client(who)->regions.find(address);
    REQUIRE(region != nullptr);
    must(machine.spaces().unmap(*machine.client(who), *region, request));
}

inline Wish put(Word who, Word address, uint8_t value) {
    return {[=](Machine& machine) { machine.put(who, address, value); }};
}

inline Wish expect(Word who, Word address, uint8_t value) {
    return {[=](Machine& machine) {
        const uint8_t byte = machine.get(who, address);
        REQUIRE(byte == value);
    }};
}

inline Wish evict(Word who, Word address, Word pages) {
    return {[=](Machine& machine) {
        machine.spaces().evict(*machine.client(who), {address, address + pages * page_size});
    }};
}

inline Wish create(Word who, Word frames, Word tables) {
    return {[=](Machine& machine) {
        if (machine.client(who) == nullptr)
            must(machine.spaces().create(who, {frames, tables}, who));
    }};
}

inline Wish clone(Word parent, Word child) {
    return {[=](Machine& machine) {
        if (machine.client(child) == nullptr)
            must(machine.spaces().clone(*machine.client(parent), child, child));
    }};
}

inline Wish end(Word who) {
    return {[=](Machine& machine) {
        if (machine.client(who) != nullptr)
            machine.spaces().destroy(*machine.client(who));
    }};
}

/// Tells a story with a death at one step, and perhaps another one during the recovery. False: it ended before that step.
inline bool tell(const std::vector<Wish>& story, Machine& machine, int death, int second_death) {
    bool died = false;
    fake::kernel_memory().steps_until_death = death;
    for (const Wish& wish : story) {
        for (;;) {
            try {
                wish.ask(machine);
                break;
            } catch (const fake::Killed&) {
                died = true;
            }
            fake::kernel_memory().steps_until_death = -1;
            try {
                machine.start_dying(second_death);
            } catch (const fake::Killed&) {
                machine.start();
            }
        }
    }
    fake::kernel_memory().steps_until_death = -1;
    machine.check_nothing_lost();
    return died;
}

} // namespace test
