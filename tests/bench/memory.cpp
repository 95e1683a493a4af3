// SPDX-License-Identifier: BSD-2-Clause
// Making one frame, and mapping one; a whole page table at once.
#include "measure.hpp"

#include <sys/cap/range.hpp>

namespace bench {
namespace {

constexpr Word map_area = 0x3000'0000;
constexpr Word range_area = 0x3400'0000;
/// Steps of clearing a frame, which are no part of the figure: wherever a kernel does it, it must be done.
constexpr Word clearing_steps = page_size / 8;

/// Calls on a whole page table at once; the figures are instructions per page.
void measure_ranges(World& world, sys::VSpace space) {
    constexpr Word pages = abi::max_range;
    world.make_tables(space, range_area);
    const Word frames = world.make_slots(abi::ObjectType::frame_4k, 0, pages);
    Figure map("map.512"), protect("protect.512"), harvest("harvest.512"), unmap("unmap.512");
    const auto measure = [&](Figure& figure, unsigned round, abi::Invocation method,
                             std::initializer_list<Word> words) {
        const Word instructions = stamped_invocation(space.slot(), method, words);
        figure.add(round, instructions / pages, shared.client_events, shared.server_events);
    };
    const Word read_write = abi::Place(range_area, abi::PageRights(3)).raw(), read_only = 2;
    for (unsigned i = 0; i < all_rounds; i++) {
        measure(map, i, abi::Invocation::range_map, {read_write, frames, pages, 0});
        measure(protect, i, abi::Invocation::range_protect, {range_area, abi::page_bits, pages, read_only});
        measure(harvest, i, abi::Invocation::range_harvest,
                {range_area, abi::page_bits, pages, abi::was_accessed | abi::was_dirty});
        measure(unmap, i, abi::Invocation::range_unmap, {range_area, abi::page_bits, pages, 0, 0});
        for (Word page = 0; page < pages; page++)
            must("forget", sys::Frame(frames + page).unmap());
    }
    for (Figure* figure : {&map, &protect, &harvest, &unmap})
        figure->print();
}

} // namespace

/// What a pager does to give another address space the same pages: of each table nothing but reading is left, and copies of the
/// capabilities are mapped in the other. Instructions per page.
void measure_clone(World& world, sys::VSpace space) {
    constexpr Word pages = 1000, from = 0x4000'0000, to = 0x4800'0000;
    const Word frames = world.make_slots(abi::ObjectType::frame_4k, 0, pages);
    const Word copies = world.next_slots(pages);
    for (Word table = 0; table < pages; table += abi::max_range) {
        world.make_tables(space, from + table * page_size);
        world.make_tables(space, to + table * page_size);
    }
    const sys::PageTables tables(space);
    const auto in_tables = [&](auto&& each) {
        for (Word first = 0; first < pages; first += abi::max_range)
            each(first, pages - first < abi::max_range ? pages - first : Word{abi::max_range});
    };
    in_tables([&](Word first, Word count) {
        must("map", tables.map(abi::Place(from + first * page_size, abi::PageRights(3)), frames + first, count));
    });
    Figure clone("clone.1000");
    for (unsigned i = 0; i < all_rounds; i++) {
        Word instructions = 0;
        in_tables([&](Word first, Word count) {
            instructions += stamped_invocation(space.slot(), abi::Invocation::range_protect,
                                               {from + first * page_size, abi::page_bits, count, 2});
            const Word place = abi::Place(to + first * page_size, abi::PageRights(2), 0, true, true).raw();
            instructions += stamped_invocation(space.slot(), abi::Invocation::range_map,
                                               {place, frames + first, count, copies + first});
        });
        clone.add(i, instructions / pages, shared.client_events, shared.server_events);
        for (Word page = 0; page < pages; page++)
            must("forget", world.cnode().at(copies + page).remove());
    }
    clone.print();
}

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
    measure_ranges(world, space);
    measure_clone(world, space);
}

} // namespace bench
