// SPDX-License-Identifier: BSD-2-Clause
// Giant pages of 1 GiB: where there are any, how they are shared, and how they fall apart.
#include <pager_story.hpp>

using namespace test;

namespace {

constexpr Word gigabyte = giant_span; // of the regions
constexpr Word giant_pages = giant_span / page_size;
constexpr Word block_pages = table_span / page_size;
constexpr Word enough = 2 * giant_pages;

/// The giant page at an address; null if there is none.
const fake::Entry* giant_entry(Machine& machine, Word who, Word address) {
    const auto& entries = fake::kernel_memory().giant_entries;
    const auto found = entries.find({machine.client(who)->pml4.number, address});
    return found != entries.end() && found->second.present ? &found->second : nullptr;
}

/// A machine with memory for two giant pages, the tables to show them, and some pieces.
struct GiantMachine : Machine {
    explicit GiantMachine(uint32_t slots = 0) : Machine(16, slots, 2) {}
    Client& create_with_giant() {
        Client& client = create(1, enough, 4000);
        must(spaces().map(client, huge(gigabyte, giant_pages), {}));
        put(1, gigabyte + 5 * page_size, 55);
        put(1, gigabyte + giant_span - 1, 99);
        return client;
    }
    bool is_giant(Word who) { return giant_entry(*this, who, gigabyte) != nullptr; }
};

} // namespace

TEST_CASE("a fault in a gigabyte of huge pages is answered with one giant page", "[pager]") {
    GiantMachine machine;
    const Word free = machine.pager->memory.free_count();
    Client& client = machine.create(1, enough, 4000);
    // A page before and after: giant pages are where whole ones fit.
    REQUIRE(machine.spaces().map(client, huge(gigabyte - page_size, giant_pages + 2), {}));
    CHECK(machine.get(1, gigabyte + 12345 * page_size) == 0);
    REQUIRE(machine.is_giant(1));
    CHECK(client.frames == giant_pages);
    CHECK(client.faults.huge == 1);
    CHECK(machine.pager->memory.free_count() < free - Giant::parts * 490);
    for (Word page = 0; page < giant_pages; page += 4099)
        machine.put(1, gigabyte + page * page_size, static_cast<uint8_t>(page));
    CHECK(machine.get(1, gigabyte + 2 * 4099 * page_size) == static_cast<uint8_t>(2 * 4099));
    machine.put(1, gigabyte - page_size, 1);
    machine.put(1, gigabyte + giant_span, 2);
    CHECK(client.frames == giant_pages + 2);
    CHECK(*machine.spaces().unmap(client, *client.regions.find(gigabyte), 0) == giant_pages + 2);
    CHECK(client.frames == 0);
    CHECK(fake::kernel_memory().giants.empty());
    machine.check_nothing_lost();
}

TEST_CASE("populating a gigabyte takes one giant page", "[pager]") {
    GiantMachine machine;
    Client& client = machine.create(1, enough, 4000);
    constexpr Word pages = giant_pages + block_pages + 3;
    REQUIRE(machine.spaces().map(client, huge(gigabyte, pages), {gigabyte, gigabyte + pages * page_size}));
    CHECK(machine.is_giant(1));
    CHECK(client.frames == pages);
    CHECK(client.faults.huge == 2);
    REQUIRE(machine.spaces().populate(client, {gigabyte, gigabyte + pages * page_size})); // all is there
    CHECK(client.frames == pages);
    machine.check_nothing_lost();
}

TEST_CASE("there is no giant page without quota, memory, room or a CPU that has them", "[pager]") {
    GiantMachine machine;
    SECTION("the client may not hold so much") { machine.create(1, giant_pages - 1, 4000); }
    SECTION("the client may not have so many tables") { machine.create(1, enough, 2 * Giant::parts); }
    SECTION("memory is scarce") {
        REQUIRE(machine.spaces().map(machine.create(2, enough, 4000), huge(gigabyte, giant_pages), {}));
        machine.put(2, gigabyte, 1);
        CHECK(machine.is_giant(2));
        machine.create(1, enough, 4000);
    }
    SECTION("a small page is there already") {
        Client& client = machine.create(1, enough, 4000);
        REQUIRE(machine.spaces().map(client, huge(gigabyte, giant_pages), {}));
        REQUIRE(machine.spaces().provide(client, *client.regions.find(gigabyte), gigabyte + 7 * page_size, true));
    }
    SECTION("the CPU has none") {
        fake::kernel_memory().has_giant_pages = false;
        machine.create(1, enough, 4000);
    }
    SECTION("the region does not hold a whole one") {
        REQUIRE(machine.spaces().map(machine.create(1, enough, 4000), huge(gigabyte, giant_pages - 1), {}));
    }
    Client& client = *machine.client(1);
    if (client.regions.find(gigabyte) == nullptr)
        REQUIRE(machine.spaces().map(client, huge(gigabyte, giant_pages), {}));
    machine.put(1, gigabyte + page_size, 1);
    CHECK_FALSE(machine.is_giant(1));
    CHECK(client.frames <= block_pages + 1);
    machine.check_nothing_lost();
}

TEST_CASE("a clone shares a giant page until somebody writes", "[pager]") {
    GiantMachine machine;
    machine.create_with_giant();
    REQUIRE(machine.spaces().clone(*machine.client(1), 2, 0));
    CHECK(fake::kernel_memory().giants.size() == 1);
    CHECK(machine.get(2, gigabyte + 5 * page_size) == 55);
    CHECK_FALSE(giant_entry(machine, 1, gigabyte)->access.write);
    CHECK_FALSE(giant_entry(machine, 2, gigabyte)->access.write);
    CHECK(machine.client(2)->frames == giant_pages);

    SECTION("the child gets copies of the pieces that it touches") {
        machine.put(2, gigabyte + 9 * page_size, 1);
        CHECK_FALSE(machine.is_giant(2));
        CHECK(machine.is_giant(1));
        CHECK(machine.get(1, gigabyte + 9 * page_size) == 0);
        CHECK(machine.client(2)->frames == giant_pages);
        machine.start();
        CHECK(machine.client(2)->frames == giant_pages);
        CHECK(machine.get(2, gigabyte + 9 * page_size) == 1);
        CHECK(machine.get(2, gigabyte + 5 * page_size) == 55);
        CHECK(machine.get(2, gigabyte + giant_span - 1) == 99);
    }
    SECTION("who is alone again may write to it as a whole") {
        machine.spaces().destroy(*machine.client(2));
        machine.put(1, gigabyte, 200);
        REQUIRE(machine.is_giant(1));
        CHECK(giant_entry(machine, 1, gigabyte)->access.write);
    }
    SECTION("a clone of one that has fallen apart") {
        machine.put(2, gigabyte + 9 * page_size, 1);
        REQUIRE(machine.spaces().clone(*machine.client(2), 3, 0));
        machine.put(2, gigabyte + 9 * page_size, 2);
        machine.put(2, gigabyte + 10 * page_size, 3);
        CHECK(machine.get(3, gigabyte + 9 * page_size) == 1);
        CHECK(machine.get(3, gigabyte + 10 * page_size) == 0);
        CHECK(machine.get(3, gigabyte + giant_span - 1) == 99);
        CHECK(machine.client(3)->frames == giant_pages);
    }
    SECTION("its memory is free when the last who has a part of it ends") {
        machine.put(2, gigabyte + 9 * page_size, 1);
        machine.spaces().destroy(*machine.client(1));
        CHECK(fake::kernel_memory().giants.size() == 1);
        CHECK(machine.get(2, gigabyte + giant_span - 1) == 99);
        machine.spaces().destroy(*machine.client(2));
        CHECK(fake::kernel_memory().giants.empty());
    }
    machine.check_nothing_lost();
}

TEST_CASE("a giant page of which a part is given away or evicted falls apart", "[pager]") {
    GiantMachine machine(2000);
    Client& client = machine.create_with_giant();
    SECTION("given away") {
        const Page page = *machine.spaces().give(client, gigabyte + 5 * page_size);
        CHECK(kernel_memory::bytes(page)[0] == 55);
    }
    SECTION("evicted in part") {
        CHECK(machine.spaces().evict(client, {gigabyte, gigabyte + 600 * page_size}) == 600);
        CHECK(client.swapped == 600);
        CHECK(client.frames == giant_pages - 600);
    }
    CHECK_FALSE(machine.is_giant(1));
    CHECK(fake::kernel_memory().giants.size() == 1);
    CHECK(machine.get(1, gigabyte + 5 * page_size) == 55);
    CHECK(machine.get(1, gigabyte + giant_span - 1) == 99);
    machine.check_nothing_lost();
}

TEST_CASE("memory for giant pages serves as chunks where there is no other, and becomes whole again", "[pager]") {
    constexpr unsigned chunks = 40;
    Machine machine(chunks, 0, 1);
    constexpr Word pages = (chunks + 20) * block_pages;
    REQUIRE(machine.spaces().map(machine.create(2, pages, 4000), huge(gigabyte, pages),
                                 {gigabyte, gigabyte + pages * page_size}));
    CHECK(machine.client(2)->faults.huge == chunks + 20);
    REQUIRE(fake::kernel_memory().giants.size() == 1);
    CHECK(fake::kernel_memory().giants.begin()->second.chunks == Giant::parts);
    machine.put(2, gigabyte + (chunks + 10) * table_span, 7);
    machine.start();
    CHECK(machine.get(2, gigabyte + (chunks + 10) * table_span) == 7);
    machine.spaces().destroy(*machine.client(2));
    CHECK(machine.pager->memory.free_count() == machine.pager->memory.pool().total());

    machine.create(1, enough, 4000);
    REQUIRE(machine.spaces().map(*machine.client(1), huge(gigabyte, giant_pages), {}));
    machine.put(1, gigabyte, 1);
    CHECK(giant_entry(machine, 1, gigabyte) != nullptr);
    machine.start();
    CHECK(machine.get(1, gigabyte) == 1);
    machine.check_nothing_lost();
}

namespace {

std::vector<Wish> story() {
    constexpr Word last = gigabyte + giant_span - page_size;
    return {
        create(1, enough, 4000),
        {[](Machine& machine) { map_once(machine, 1, huge(gigabyte, giant_pages), 10); }},
        put(1, gigabyte, 10),
        put(1, last, 11),
        clone(1, 2),
        put(2, gigabyte, 20),
        put(2, gigabyte + 513 * page_size, 21),
        expect(1, gigabyte, 10),
        expect(2, last, 11),
        put(1, last, 12),
        evict(1, gigabyte, 2),
        expect(2, last, 11),
        expect(1, last, 12),
        expect(1, gigabyte, 10),
        {[](Machine& machine) { unmap_once(machine, 1, gigabyte, 12); }},
        expect(2, gigabyte + 513 * page_size, 21),
        end(2),
    };
}

/// After how many steps each wish of the story is done.
std::vector<int> ends_of_wishes() {
    constexpr int plenty = 1 << 30;
    GiantMachine machine(64);
    std::vector<int> ends;
    fake::kernel_memory().steps_until_death = plenty;
    for (const Wish& wish : story()) {
        wish.ask(machine);
        ends.push_back(plenty - fake::kernel_memory().steps_until_death);
    }
    fake::kernel_memory().steps_until_death = -1;
    machine.check_nothing_lost();
    return ends;
}

} // namespace

TEST_CASE("the pager may die around any step that matters in a story with giant pages", "[pager][property]") {
    // Most steps make one of 512 mirrors or page tables: of these some will do.
    constexpr int near = 4, stride = 1301;
    int first = 0;
    for (const int end : ends_of_wishes()) {
        for (int step = first; step < end;) {
            GiantMachine machine(64);
            CHECK(tell(story(), machine, step, step % 3 == 0 ? step % 40 : -1));
            const bool is_near = step < first + near || step + near >= end;
            step += is_near ? 1 : std::min(stride, end - near - step);
        }
        first = end;
    }
    CHECK(first > 3000);
}
