// SPDX-License-Identifier: BSD-2-Clause
// Making one frame, and mapping one.
#include "measure.hpp"

namespace bench {
namespace {

constexpr Word map_area = 0x3000'0000;
/// Steps of clearing a frame, which are no part of the figure: wherever a kernel does it, it must be done.
constexpr Word clearing_steps = page_size / 8;

} // namespace

void measure_memory(World& world, sys::VSpace space) {
    const auto untyped = world.make<sys::Untyped>(20);
    const Word first = world.next_slots(all_rounds);
    Figure retype("retype.4k");
    for (unsigned i = 0; i < all_rounds; i++) {
        const Word instructions = stamped_invocation(
            untyped.slot(), abi::Invocation::untyped_retype,
            {static_cast<Word>(abi::ObjectType::frame_4k), 0, 0, 0, first + i, 1}, {world.cnode().slot()});
        retype.add(i, instructions - clearing_steps, shared.client_events, shared.server_events);
    }
    retype.print();

    world.make_tables(space, map_area);
    Figure map("map.1");
    for (unsigned i = 0; i < all_rounds; i++) {
        const Word instructions =
            stamped_invocation(first + i, abi::Invocation::page_map,
                               {map_area + i * page_size, abi::Rights::all().raw(), 0}, {space.slot()});
        map.add(i, instructions, shared.client_events, shared.server_events);
    }
    map.print();
}

} // namespace bench
