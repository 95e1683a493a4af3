// SPDX-License-Identifier: BSD-2-Clause
// Pages that several clients have: clones that copy when they write, and memory objects.
#include <pager_machine.hpp>
#include <random>

using namespace test;

TEST_CASE("a clone has the same bytes, and writes of either are not seen by the other", "[pager]") {
    Machine machine;
    machine.create(1);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 300), {}));
    for (Word i = 0; i < 300; i += 3)
        machine.put(1, 0x500000 + i * page_size, static_cast<uint8_t>(i));
    const Word before = machine.pager->memory.free_count();
    REQUIRE(machine.spaces().clone(*machine.client(1), 2, 0));
    CHECK(before - machine.pager->memory.free_count() == machine.client(2)->tables); // not one page of memory
    CHECK(machine.client(2)->frames == 100);
    CHECK(!machine.entry(1, 0x500000)->access.write);
    CHECK(!machine.entry(2, 0x500000)->access.write);

    machine.put(1, 0x500000, 0xee);
    machine.put(2, 0x503000, 0xdd);
    CHECK(machine.get(2, 0x500000) == 0);
    CHECK(machine.get(1, 0x503000) == 3);
    CHECK(machine.get(1, 0x500000) == 0xee);
    CHECK(machine.get(2, 0x503000) == 0xdd);
    // The last who has a page writes to it without a copy.
    const Word left = machine.pager->memory.free_count();
    machine.put(2, 0x500000, 0xcc);
    CHECK(machine.pager->memory.free_count() == left);
    CHECK(machine.client(1)->faults.copied + machine.client(2)->faults.copied == 2);
    machine.check_nothing_lost();
}

TEST_CASE("clones of clones in any order agree with a model", "[pager][property]") {
    std::mt19937 random(3);
    for (int round = 0; round < 20; ++round) {
        Machine machine(2, 64);
        constexpr Word pages = 40;
        std::map<Word, std::array<uint8_t, pages>> model;
        machine.create(1);
        model[1] = {};
        REQUIRE(machine.spaces().map(*machine.client(1), writable(0x5f0000, pages), {}));
        for (int step = 0; step < 400; ++step) {
            auto one = model.begin();
            std::advance(one, random() % model.size());
            const Word who = one->first;
            const Word page = random() % pages;
            const Word address = 0x5f0000 + page * page_size + 9;
            switch (random() % 8) {
            case 0:
                if (model.size() < 6) {
                    const Word child = 2 + random() % 1000;
                    if (model.contains(child))
                        break;
                    REQUIRE(machine.spaces().clone(*machine.client(who), child, 0));
                    model[child] = model[who];
                }
                break;
            case 1:
                if (model.size() > 1) {
                    machine.spaces().destroy(*machine.client(who));
                    model.erase(who);
                }
                break;
            case 2: machine.spaces().evict(*machine.client(who), {address - 9, address - 9 + page_size}); break;
            case 3:
            case 4:
                model[who][page] = static_cast<uint8_t>(random());
                machine.put(who, address, model[who][page]);
                break;
            default: REQUIRE(machine.get(who, address) == model[who][page]);
            }
        }
        for (auto& [who, bytes] : model)
            for (Word page = 0; page < pages; ++page)
                REQUIRE(machine.get(who, 0x5f0000 + page * page_size + 9) == bytes[page]);
        machine.check_nothing_lost();
    }
}

TEST_CASE("a frame that somebody was given is not shared with a clone", "[pager]") {
    Machine machine;
    machine.create(1);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 2), {}));
    machine.put(1, 0x500000, 5);
    REQUIRE(machine.spaces().give(*machine.client(1), 0x500000));
    REQUIRE(machine.spaces().clone(*machine.client(1), 2, 0));
    CHECK(machine.get(2, 0x500000) == 5);
    CHECK(machine.entry(1, 0x500000)->access.write);
    CHECK(machine.entry(1, 0x500000)->frame != machine.entry(2, 0x500000)->frame);
    machine.check_nothing_lost();
}

TEST_CASE("the page of a memory object that is given away is the one that its users have", "[pager]") {
    Machine machine;
    constexpr Word object = protocol::object_bit | 1;
    machine.create(1);
    Client& hidden = machine.create_object(object, 1);
    Region shared = writable(0x600000, 1);
    shared.backing = Backing::object;
    shared.object = object;
    REQUIRE(machine.spaces().map(*machine.client(1), shared, {}));
    machine.put(1, 0x600000, 5);
    const auto page = machine.spaces().give(hidden, object_base);
    REQUIRE(page);
    CHECK(machine.entry(1, 0x600000)->frame == page->number);
    machine.check_nothing_lost();
}

TEST_CASE("who maps a memory object sees what others write, a private copy keeps its own", "[pager]") {
    Machine machine(1, 32);
    constexpr Word object = protocol::object_bit | 1;
    machine.create(1);
    machine.create(2);
    machine.create(3);
    machine.create_object(object, 8);
    Region shared = writable(0x600000, 4);
    shared.backing = Backing::object;
    shared.object = object;
    shared.source = 2 * page_size;
    REQUIRE(machine.spaces().map(*machine.client(1), shared, {}));
    shared.range = {0x900000, 0x904000};
    REQUIRE(machine.spaces().map(*machine.client(2), shared, {}));
    shared.is_private = true;
    REQUIRE(machine.spaces().map(*machine.client(3), shared, {}));

    machine.put(1, 0x601000, 77);
    CHECK(machine.get(2, 0x901000) == 77);
    CHECK(machine.get(3, 0x901000) == 77);
    machine.put(2, 0x901000, 78);
    CHECK(machine.get(1, 0x601000) == 78);
    machine.put(3, 0x901000, 1);
    CHECK(machine.get(1, 0x601000) == 78);
    machine.put(1, 0x601000, 79);
    CHECK(machine.get(3, 0x901000) == 1);

    SECTION("clones of those who share go on sharing") {
        REQUIRE(machine.spaces().clone(*machine.client(2), 4, 0));
        machine.put(4, 0x901000, 80);
        CHECK(machine.get(1, 0x601000) == 80);
    }
    SECTION("its pages are written out when nobody looks, and come back") {
        for (const Word who : {1, 2}) {
            const Word at = who == 1 ? 0x601000 : 0x901000;
            CHECK(machine.spaces().evict(*machine.client(who), {at, at + page_size}) == 1);
        }
        Client& hidden = *machine.client(object);
        CHECK(machine.spaces().evict(hidden, hidden.regions[0].range) == 1);
        CHECK(fake::kernel_memory().swap_writes == 1);
        CHECK(machine.get(2, 0x901000) == 79);
    }
    SECTION("what one who has a private copy gives away says nothing about the page that others write to") {
        machine.put(1, 0x602000, 10);
        CHECK(machine.get(3, 0x902000) == 10); // shows the object's own page
        CHECK(machine.spaces().evict(*machine.client(3), {0x902000, 0x903000}) == 1);
        machine.put(1, 0x602000, 11);
        CHECK(machine.spaces().evict(*machine.client(1), {0x602000, 0x603000}) == 1);
        Client& hidden = *machine.client(object);
        CHECK(machine.spaces().evict(hidden, hidden.regions[0].range) == 1);
        CHECK(machine.get(2, 0x902000) == 11);
        CHECK(machine.get(3, 0x902000) == 11);
    }
    SECTION("it stays as long as anybody maps it, or its maker is there") {
        machine.spaces().destroy(*machine.client(1));
        machine.spaces().destroy(*machine.client(2));
        CHECK(machine.client(object) != nullptr);
        machine.spaces().destroy(*machine.client(3));
        CHECK(machine.client(object) == nullptr);
    }
    machine.check_nothing_lost();
}
