// SPDX-License-Identifier: BSD-2-Clause
// Huge pages: where there are any, how they are shared, and how they fall apart.
#include <pager_story.hpp>

using namespace test;

namespace {

constexpr Word block_size = 0x20'0000;
constexpr Word start = 0x40'0000;

/// The huge page at an address; null if there is none.
const fake::Entry* huge_entry(Machine& machine, Word who, Word address) {
    const auto& entries = fake::kernel_memory().huge_entries;
    const auto found = entries.find({machine.client(who)->pml4.number, address});
    return found != entries.end() && found->second.present ? &found->second : nullptr;
}

} // namespace

TEST_CASE("a fault in a region of huge pages is answered with one", "[pager]") {
    Machine machine(4);
    Client& client = machine.create(1, 5000);
    // A page before and after: huge pages are where whole ones fit.
    REQUIRE(machine.spaces().map(client, huge(start - page_size, 512 + 2), {}));
    const Word free = machine.pager->memory.free_count();
    CHECK(machine.get(1, start + 5 * page_size) == 0);
    REQUIRE(huge_entry(machine, 1, start) != nullptr);
    CHECK(client.frames == 512);
    CHECK(client.faults.huge == 1);
    CHECK(machine.pager->memory.free_count() < free - 490);
    for (Word page = 0; page < 512; page += 3)
        machine.put(1, start + page * page_size, static_cast<uint8_t>(page));
    CHECK(machine.get(1, start + 300 * page_size) == static_cast<uint8_t>(300));
    machine.put(1, start - page_size, 1);
    machine.put(1, start + block_size, 2);
    CHECK(client.frames == 514);
    CHECK(huge_entry(machine, 1, start - page_size) == nullptr);

    Region* const region = client.regions.find(start);
    CHECK(*machine.spaces().unmap(client, *region, 0) == 514);
    CHECK(client.frames == 0);
    CHECK(fake::kernel_memory().blocks.empty());
    machine.check_nothing_lost();
}

TEST_CASE("there is no huge page without quota, memory or room", "[pager]") {
    Machine machine(4);
    SECTION("the client may not hold so much") { machine.create(1, 511); }
    SECTION("memory is scarce") {
        machine.create(2, 5000);
        REQUIRE(machine.spaces().map(*machine.client(2), writable(start, 1400), {start, start + 1400 * page_size}));
        machine.create(1, 5000);
    }
    SECTION("a small page is there already") {
        Client& client = machine.create(1, 5000);
        REQUIRE(machine.spaces().map(client, huge(start, 512), {}));
        REQUIRE(machine.spaces().provide(client, *client.regions.find(start), start + 7 * page_size, true));
    }
    Client& client = *machine.client(1);
    if (client.regions.find(start) == nullptr)
        REQUIRE(machine.spaces().map(client, huge(start, 512), {}));
    machine.put(1, start + page_size, 1);
    CHECK(huge_entry(machine, 1, start) == nullptr);
    CHECK(fake::kernel_memory().blocks.empty());
    CHECK(client.faults.huge == 0);
    machine.check_nothing_lost();
}

TEST_CASE("populating a region takes huge pages", "[pager]") {
    Machine machine(5);
    Client& client = machine.create(1, 5000);
    REQUIRE(machine.spaces().map(client, huge(start, 1024 + 3), {start, start + 1027 * page_size}));
    CHECK(client.frames == 1027);
    CHECK(client.faults.huge == 2);
    REQUIRE(machine.spaces().populate(client, {start, start + 1027 * page_size})); // all is there
    CHECK(client.frames == 1027);
    CHECK(huge_entry(machine, 1, start + block_size) != nullptr);
    machine.check_nothing_lost();
}

TEST_CASE("a clone shares a huge page until somebody writes", "[pager]") {
    Machine machine(6);
    machine.create(1, 5000);
    REQUIRE(machine.spaces().map(*machine.client(1), huge(start, 512), {}));
    for (Word page = 0; page < 512; ++page)
        machine.put(1, start + page * page_size, static_cast<uint8_t>(page * 3));
    REQUIRE(machine.spaces().clone(*machine.client(1), 2, 0));
    CHECK(fake::kernel_memory().blocks.size() == 1);
    CHECK(machine.get(2, start + 9 * page_size) == 27);
    CHECK_FALSE(huge_entry(machine, 1, start)->access.write);
    CHECK_FALSE(huge_entry(machine, 2, start)->access.write);
    CHECK(machine.client(2)->frames == 512);

    SECTION("the child gets copies of the pieces that it touches") {
        machine.put(2, start + 9 * page_size, 1);
        CHECK(huge_entry(machine, 2, start) == nullptr);
        CHECK(machine.get(1, start + 9 * page_size) == 27);
        CHECK(machine.get(2, start + 10 * page_size) == 30);
        CHECK(machine.client(2)->frames == 512);
        machine.start();
        CHECK(machine.client(2)->frames == 512);
        CHECK(machine.get(2, start + 9 * page_size) == 1);
        CHECK(machine.get(2, start + 511 * page_size) == static_cast<uint8_t>(511 * 3));
    }
    SECTION("who is alone again may write to it as a whole") {
        machine.spaces().destroy(*machine.client(2));
        machine.put(1, start, 200);
        REQUIRE(huge_entry(machine, 1, start) != nullptr);
        CHECK(huge_entry(machine, 1, start)->access.write);
    }
    SECTION("when all pieces of it were copied the huge page is the parent's alone") {
        for (Word page = 0; page < 512; ++page)
            machine.put(2, start + page * page_size, 77);
        machine.put(1, start, 88);
        CHECK(huge_entry(machine, 1, start) != nullptr);
        CHECK(machine.get(2, start) == 77);
        CHECK(machine.client(2)->frames == 512);
    }
    SECTION("a clone of one that has fallen apart") {
        machine.put(2, start + 9 * page_size, 1);
        REQUIRE(machine.spaces().clone(*machine.client(2), 3, 0));
        machine.put(2, start + 9 * page_size, 2);
        machine.put(2, start + 10 * page_size, 3);
        CHECK(machine.get(3, start + 9 * page_size) == 1);
        CHECK(machine.get(3, start + 10 * page_size) == 30);
        CHECK(machine.get(3, start + 11 * page_size) == 33);
    }
    machine.check_nothing_lost();
}

TEST_CASE("a huge page of which a part is given away or evicted falls apart", "[pager]") {
    Machine machine(6, 2000);
    Client& client = machine.create(1, 5000);
    REQUIRE(machine.spaces().map(client, huge(start, 512), {}));
    for (Word page = 0; page < 512; ++page)
        machine.put(1, start + page * page_size, static_cast<uint8_t>(page * 5));
    SECTION("given away") {
        const Page page = *machine.spaces().give(client, start + 3 * page_size);
        CHECK(kernel_memory::bytes(page)[0] == 15);
        CHECK(machine.entry(1, start + 3 * page_size)->present);
    }
    SECTION("evicted in part") {
        CHECK(machine.spaces().evict(client, {start, start + 4 * page_size}) == 4);
        CHECK(client.swapped == 4);
        CHECK(client.frames == 508);
        CHECK(fake::kernel_memory().blocks.size() == 1);
    }
    SECTION("evicted as a whole: its memory is free again") {
        const Word free = machine.pager->memory.free_count();
        CHECK(machine.spaces().evict(client, {start, start + block_size}) == 512);
        CHECK(fake::kernel_memory().blocks.empty());
        CHECK(machine.pager->memory.free_count() > free + 480);
    }
    SECTION("not without slots") {
        machine.pager->swap.detach();
        CHECK(machine.spaces().evict(client, {start, start + block_size}) == 0);
        CHECK(huge_entry(machine, 1, start) != nullptr);
    }
    SECTION("written to by init") {
        const uint8_t bytes[] = {9, 8, 7};
        REQUIRE(machine.spaces().write(client, start + 2 * page_size - 1, bytes));
        CHECK(machine.get(1, start + 2 * page_size - 1) == 9);
        CHECK(machine.get(1, start + 2 * page_size) == 8);
        machine.put(1, start + 2 * page_size, 10);
    }
    for (Word page = 0; page < 512; ++page)
        REQUIRE(machine.get(1, start + page * page_size) == static_cast<uint8_t>(page * 5));
    machine.check_nothing_lost();
}

TEST_CASE("a huge page that nobody uses goes when memory runs short", "[pager]") {
    Machine machine(4, 4000);
    Client& cold = machine.create(1, 5000);
    REQUIRE(machine.spaces().map(cold, huge(start, 512), {}));
    for (Word page = 0; page < 512; ++page)
        machine.put(1, start + page * page_size, static_cast<uint8_t>(page * 7));
    Client& other = machine.create(2, 5000);
    REQUIRE(machine.spaces().map(other, writable(0x4000'0000, 1700), {}));
    for (Word page = 0; page < 1700; ++page)
        machine.put(2, 0x4000'0000 + page * page_size, static_cast<uint8_t>(page));
    CHECK(cold.swapped > 0);
    CHECK(fake::kernel_memory().blocks.empty());
    for (Word page = 0; page < 512; ++page)
        REQUIRE(machine.get(1, start + page * page_size) == static_cast<uint8_t>(page * 7));
    machine.check_nothing_lost();
}

TEST_CASE("chunks whose pages all came back can be huge pages again", "[pager]") {
    Machine machine(4);
    constexpr Word pages = 1300; // of three chunks
    REQUIRE(machine.spaces().map(machine.create(2, 5000), writable(start, pages), {start, start + pages * page_size}));
    machine.spaces().destroy(*machine.client(2));
    CHECK(fake::kernel_memory().records.size() >= 3);
    Client& client = machine.create(1, 5000);
    REQUIRE(machine.spaces().map(client, huge(0x8000'0000, 1024), {}));
    machine.put(1, 0x8000'0000, 1);
    machine.put(1, 0x8000'0000 + block_size, 2);
    CHECK(client.faults.huge == 2);
    machine.start();
    CHECK(machine.get(1, 0x8000'0000) == 1);
    CHECK(machine.get(1, 0x8000'0000 + block_size) == 2);
    machine.check_nothing_lost();
}

namespace {

/// Chunks of the machine of the story: one for the pager, two huge pages, and room for pieces.
constexpr unsigned story_chunks = 6;

std::vector<Wish> story() {
    return {
        create(1, 3000, 500),
        {[](Machine& machine) { map_once(machine, 1, huge(start, 1024), 10, {start, start + 512 * page_size}); }},
        put(1, start, 10),
        put(1, start + page_size, 11),
        put(1, start + 2 * page_size, 12),
        put(1, start + 700 * page_size, 170),
        clone(1, 2),
        put(2, start, 20),
        put(1, start + page_size, 21),
        expect(1, start, 10),
        expect(2, start + page_size, 11),
        expect(2, start + 700 * page_size, 170),
        clone(2, 3),
        put(3, start + 2 * page_size, 32),
        expect(2, start + 2 * page_size, 12),
        expect(3, start, 20),
        end(2),
        end(3),
        put(1, start + 700 * page_size, 171),
        evict(1, start + 699 * page_size, 3),
        expect(1, start + 700 * page_size, 171),
        expect(1, start + 699 * page_size, 0),
        expect(1, start + 2 * page_size, 12),
        {[](Machine& machine) { unmap_once(machine, 1, start, 12); }},
        {[](Machine& machine) { map_once(machine, 1, huge(start, 512), 13); }},
        put(1, start + 3 * page_size, 33),
        expect(1, start, 0),
    };
}

} // namespace

TEST_CASE("the pager may die at any step of a story with huge pages", "[pager][property]") {
    int step = 0;
    for (bool died = true; died; ++step) {
        Machine machine(story_chunks, 64);
        died = tell(story(), machine, step, -1);
    }
    CHECK(step > 250);
}

TEST_CASE("the pager may die again while it recovers huge pages", "[pager][property]") {
    for (int step = 3; step < 400; step += 23)
        for (int second = 0; second < 40; second += 3) {
            Machine machine(story_chunks, 64);
            tell(story(), machine, step, second);
        }
}
