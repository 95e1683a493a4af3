// SPDX-License-Identifier: BSD-2-Clause
// The pager dies at every step that it takes, and a new instance goes on: no byte is lost, no page, no slot.
#include <pager_story.hpp>

using namespace test;

namespace {

constexpr Word object = protocol::object_bit | 1;
constexpr Word start = 0x5fe000; // the second page table begins behind two pages

std::vector<Wish> story() {
    Region shared = writable(0x900000, 2);
    shared.backing = Backing::object;
    shared.object = object;
    return {
        create(1, 500, 500),
        {[](Machine& machine) { map_once(machine, 1, writable(start, 6), 10, {start, start + 2 * page_size}); }},
        put(1, start, 10),
        put(1, start + 2 * page_size, 12),
        put(1, start + 5 * page_size, 15),
        evict(1, start + 2 * page_size, 1),
        clone(1, 2),
        put(2, start, 20),
        put(1, start + 5 * page_size, 16),
        expect(1, start, 10),
        expect(2, start, 20),
        expect(2, start + 5 * page_size, 15),
        expect(2, start + 2 * page_size, 12),
        put(2, start + 2 * page_size, 22),
        evict(2, start + 2 * page_size, 1),
        evict(2, start, 1),
        expect(1, start + 2 * page_size, 12),
        expect(2, start + 2 * page_size, 22),
        {[](Machine& machine) {
            if (machine.client(object) == nullptr)
                machine.create_object(object, 2);
        }},
        {[=](Machine& machine) { map_once(machine, 1, shared, 11); }},
        {[=](Machine& machine) { map_once(machine, 2, shared, 11); }},
        put(1, 0x900000, 90),
        expect(2, 0x900000, 90),
        {[](Machine& machine) { unmap_once(machine, 1, start, 12); }},
        expect(2, start + 5 * page_size, 15),
        end(2),
        expect(1, 0x900000, 90),
    };
}

bool tell(int death, int second_death) {
    Machine machine(1, 16);
    return tell(story(), machine, death, second_death);
}

} // namespace

TEST_CASE("a new instance finds clients, regions, pages and slots as they were", "[pager]") {
    Machine machine(2, 16);
    machine.create(1);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 600), {}));
    for (Word page = 0; page < 600; page += 5)
        machine.put(1, 0x500000 + page * page_size, static_cast<uint8_t>(page));
    REQUIRE(machine.spaces().clone(*machine.client(1), 2, 0));
    CHECK(machine.spaces().evict(*machine.client(1), {0x500000, 0x50a000}) == 2);
    const Word free = machine.pager->memory.free_count();
    const Client before = *machine.client(1);
    const uint32_t used = machine.pager->swap.used();
    machine.start();
    CHECK(machine.pager->memory.free_count() == free);
    CHECK(machine.pager->swap.used() == used);
    CHECK(machine.client(1)->frames == before.frames);
    CHECK(machine.client(1)->tables == before.tables);
    CHECK(machine.client(1)->swapped == before.swapped);
    machine.put(1, 0x500000, 99);
    CHECK(machine.get(2, 0x500000) == 0);
    for (Word page = 5; page < 600; page += 5)
        REQUIRE(machine.get(1, 0x500000 + page * page_size) == static_cast<uint8_t>(page));
    machine.check_nothing_lost();
}

TEST_CASE("the pager may die at any step of a story, and nobody notices", "[pager][property]") {
    int step = 0;
    while (tell(step, -1))
        ++step;
    CHECK(step > 200);
}

TEST_CASE("the pager may die again while it recovers", "[pager][property]") {
    for (int step = 0; step < 300; step += 7)
        for (int second = 0; second < 12; ++second)
            tell(step, second);
}
