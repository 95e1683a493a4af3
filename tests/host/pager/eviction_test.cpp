// SPDX-License-Identifier: BSD-2-Clause
// When memory runs short: what goes, what stays, and that everything comes back as it was.
#include <pager_machine.hpp>
#include <random>

using namespace test;
using protocol::Error;

TEST_CASE("pages that were written to come back from their slots, others from where they came", "[pager]") {
    Machine machine(1, 64);
    Client& client = machine.create(1);
    REQUIRE(machine.spaces().map(client, writable(0x500000, 4), {}));
    const Region image{.range = {0x400000, 0x402000},
                       .backing = Backing::image,
                       .writable = true,
                       .file_bytes = {0x400000, 0x402000},
                       .source = 100};
    REQUIRE(machine.spaces().map(client, image, {}));
    machine.put(1, 0x500000, 11);
    CHECK(machine.get(1, 0x501000) == 0);
    CHECK(machine.get(1, 0x400000) == machine.archive_bytes[100]);
    machine.put(1, 0x401000, 22);

    CHECK(machine.spaces().evict(client, {0x500000, 0x502000}) == 2);
    CHECK(machine.spaces().evict(client, {0x400000, 0x402000}) == 2);
    CHECK(fake::kernel_memory().swap_writes == 2);
    CHECK(machine.entry(1, 0x500000)->cookie != 0);
    CHECK(machine.entry(1, 0x501000)->cookie == 0);
    CHECK(client.frames == 0);
    CHECK(client.swapped == 2);

    CHECK(machine.get(1, 0x500000) == 11);
    CHECK(machine.get(1, 0x501000) == 0);
    CHECK(machine.get(1, 0x400000) == machine.archive_bytes[100]);
    CHECK(machine.get(1, 0x401000) == 22);
    SECTION("what was not written to since needs no second writing") {
        CHECK(machine.spaces().evict(client, {0x500000, 0x501000}) == 1);
        CHECK(fake::kernel_memory().swap_writes == 2);
        CHECK(machine.get(1, 0x500000) == 11);
    }
    SECTION("what was, is written again, to its own slot") {
        machine.put(1, 0x500000, 12);
        CHECK(machine.spaces().evict(client, {0x500000, 0x501000}) == 1);
        CHECK(fake::kernel_memory().swap_writes == 3);
        CHECK(machine.pager->swap.used() == 2);
        CHECK(machine.get(1, 0x500000) == 12);
    }
    machine.check_nothing_lost();
}

TEST_CASE("three times the memory of the machine is read back as it was written", "[pager][property]") {
    Machine machine(2, 4000);
    constexpr Word clients = 4, pages = 700;
    for (Word who = 1; who <= clients; ++who) {
        machine.create(who);
        REQUIRE(machine.spaces().map(*machine.client(who), writable(0x500000, pages), {}));
    }
    for (Word page = 0; page < pages; ++page)
        for (Word who = 1; who <= clients; ++who)
            for (const Word offset : {0, 2048})
                machine.put(who, 0x500000 + page * page_size + offset, static_cast<uint8_t>(page * 7 + who + offset));
    std::mt19937 random(5);
    for (int i = 0; i < 5000; ++i) {
        const Word who = 1 + random() % clients;
        const Word page = random() % pages;
        REQUIRE(machine.get(who, 0x500000 + page * page_size + 2048) == static_cast<uint8_t>(page * 7 + who + 2048));
    }
    CHECK(fake::kernel_memory().swap_writes > 1500);
    CHECK(fake::kernel_memory().swap_reads > 1500);
    machine.check_nothing_lost();
}

TEST_CASE("what is accessed all the time stays, what is not goes first", "[pager]") {
    Machine machine(1, 4000);
    machine.create(1, 4000);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 1200), {}));
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x40'000000, 8), {}));
    Word lost = 0;
    for (Word page = 0; page < 1200; ++page) {
        machine.put(1, 0x500000 + page * page_size, 1);
        for (Word hot = 0; hot < 8; ++hot) {
            const fake::Entry* const entry = machine.entry(1, 0x40'000000 + hot * page_size);
            lost += page > 0 && !entry->present ? 1 : 0;
            machine.put(1, 0x40'000000 + hot * page_size, 2);
        }
    }
    CHECK(machine.client(1)->faults.evicted > 700);
    CHECK(lost < 16);
    machine.check_nothing_lost();
}

TEST_CASE("without swap, or when it is full, only the client that asks is refused", "[pager]") {
    const uint32_t slots = GENERATE(0u, 20u);
    Machine machine(1, slots);
    machine.create(1);
    machine.create(2);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 600), {}));
    REQUIRE(machine.spaces().map(*machine.client(2), writable(0x500000, 1), {}));
    machine.put(2, 0x500000, 9);
    Word page = 0;
    while (machine.touch(1, 0x500000 + page * page_size, true) != nullptr)
        ++page;
    CHECK(page > 430 + slots / 2);
    Region& region = *machine.client(1)->regions.find(0x500000);
    CHECK(machine.spaces().provide(*machine.client(1), region, 0x500000 + page * page_size, true).error() ==
          Error::no_memory_page);
    CHECK(machine.get(2, 0x500000) == 9);
    machine.check_nothing_lost();
}

TEST_CASE("a swap server that fails loses nothing but time", "[pager]") {
    Machine machine(1, 16);
    machine.create(1);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 2), {}));
    machine.put(1, 0x500000, 1);
    machine.put(1, 0x501000, 2);
    CHECK(machine.spaces().evict(*machine.client(1), {0x501000, 0x502000}) == 1);
    fake::kernel_memory().swap_fails = true;
    CHECK(machine.spaces().evict(*machine.client(1), {0x500000, 0x501000}) == 0);
    CHECK(machine.get(1, 0x500000) == 1);
    CHECK(machine.touch(1, 0x501000, false) == nullptr);
    fake::kernel_memory().swap_fails = false;
    CHECK(machine.get(1, 0x501000) == 2);
    machine.put(1, 0x500000, 3);
    machine.check_nothing_lost();
}

TEST_CASE("pinned clients, and frames that somebody was given, stay in memory", "[pager]") {
    Machine machine(1, 16);
    Client& pinned = machine.create(1);
    pinned.traits = protocol::trait::pinned;
    machine.create(2);
    for (const Word who : {1, 2})
        REQUIRE(machine.spaces().map(*machine.client(who), writable(0x500000, 1), {}));
    machine.put(1, 0x500000, 1);
    machine.put(2, 0x500000, 1);
    REQUIRE(machine.spaces().give(*machine.client(2), 0x500000));
    CHECK(machine.spaces().evict(pinned, {0x500000, 0x501000}) == 0);
    CHECK(machine.spaces().evict(*machine.client(2), {0x500000, 0x501000}) == 0);
    machine.check_nothing_lost();
}

TEST_CASE("clients that watch are told of pressure before anything is taken, once until it is over", "[pager]") {
    Machine machine(1, 600);
    Client& watching = machine.create(1);
    watching.watcher = 1;
    machine.create(2);
    REQUIRE(machine.spaces().map(*machine.client(2), writable(0x500000, 600), {}));
    Word page = 0;
    while (fake::kernel_memory().pressure_signals[1] == 0)
        machine.put(2, 0x500000 + page++ * page_size, 1);
    CHECK(fake::kernel_memory().swap_writes == 0);
    CHECK(page < 480);
    while (page < 600)
        machine.put(2, 0x500000 + page++ * page_size, 1);
    CHECK(fake::kernel_memory().swap_writes > 0);
    CHECK(fake::kernel_memory().pressure_signals[1] == 1);
    CHECK(fake::kernel_memory().pressure_signals[2] == 0);
    REQUIRE(machine.spaces().unmap(*machine.client(2), *machine.client(2)->regions.find(0x500000), 0));
    REQUIRE(machine.spaces().map(*machine.client(2), writable(0x500000, 600), {}));
    for (page = 0; page < 600; ++page)
        machine.put(2, 0x500000 + page * page_size, 1);
    CHECK(fake::kernel_memory().pressure_signals[1] == 2);
    machine.check_nothing_lost();
}

TEST_CASE("when the swap server is gone nothing is written where its window was", "[pager]") {
    Machine machine(1, 64);
    constexpr Word number = protocol::object_bit | 1;
    machine.create(1);
    Client& window = machine.create_object(number, 1);
    window.is_swap_attached = true;
    machine.create(2);
    REQUIRE(machine.spaces().map(*machine.client(2), writable(0x500000, 3), {}));
    machine.put(2, 0x500000, 1);
    machine.put(2, 0x501000, 2);
    CHECK(machine.spaces().evict(*machine.client(2), {0x500000, 0x501000}) == 1);
    CHECK(machine.get(2, 0x500000) == 1); // and its slot still holds the same
    machine.put(2, 0x500000, 3);
    CHECK(machine.spaces().evict(*machine.client(2), {0x501000, 0x502000}) == 1);
    const uint32_t writes = fake::kernel_memory().swap_writes;

    machine.spaces().destroy(*machine.client(1)); // the server; the object was its own
    REQUIRE(machine.client(number) == nullptr);
    CHECK(machine.spaces().evict(*machine.client(2), {0x500000, 0x501000}) == 0);
    CHECK(fake::kernel_memory().swap_writes == writes);
    CHECK(machine.get(2, 0x500000) == 3);
    CHECK(machine.touch(2, 0x501000, false) == nullptr); // lost with the server, and said so
    machine.check_nothing_lost();
}
