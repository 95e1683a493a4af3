// SPDX-License-Identifier: BSD-2-Clause
// Address spaces over a simulated kernel: what is mapped, and that nothing is lost, whatever fails and wherever.
#include <pager_machine.hpp>
#include <random>

using namespace test;
using protocol::Error;

TEST_CASE("first touch maps a page of zeroes with the region's rights", "[pager]") {
    Machine machine;
    machine.create(1);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 3), {}));
    CHECK(fake::kernel_memory().mapped_pages() == 0);
    for (Word i = 0; i < page_size; ++i)
        REQUIRE(machine.get(1, 0x501000 + i) == 0);
    CHECK(machine.entry(1, 0x501000)->access.write);
    CHECK(!machine.entry(1, 0x501000)->access.execute);
    CHECK(!machine.entry(1, 0x500000)->present);
    machine.check_nothing_lost();
}

TEST_CASE("R18 R19 image pages hold the file's bytes at odd offsets, and zeroes behind them", "[pager]") {
    Machine machine;
    machine.create(1);
    const Region region{.range = {0x400000, 0x404000},
                        .backing = Backing::image,
                        .executable = true,
                        .file_bytes = {0x400123, 0x400123 + 5000},
                        .source = 777};
    REQUIRE(machine.spaces().map(*machine.client(1), region, region.range));
    for (Word address = 0x400000; address < 0x404000; ++address) {
        const bool from_file = address >= 0x400123 && address < 0x400123 + 5000;
        const uint8_t expected = from_file ? machine.archive_bytes[777 + address - 0x400123] : 0;
        REQUIRE(machine.get(1, address) == expected);
    }
    CHECK(!machine.entry(1, 0x400000)->access.write);
    CHECK(machine.entry(1, 0x400000)->access.execute);
    machine.check_nothing_lost();
}

TEST_CASE("an image that reaches beyond the archive is refused when touched", "[pager]") {
    Machine machine;
    machine.create(1);
    const Region region{
        .range = {0x400000, 0x410000}, .backing = Backing::image, .file_bytes = {0x400000, 0x410000}, .source = 0};
    CHECK(machine.spaces().map(*machine.client(1), region, region.range).error() == Error::bad_archive_range);
    CHECK(machine.client(1)->regions.count() == 0);
    CHECK(machine.client(1)->frames == 0);
    machine.check_nothing_lost();
}

TEST_CASE("a failure of the kernel at any step leaves no page, no mapping, no region behind", "[pager]") {
    int step = 0;
    for (bool failed = true; failed; ++step) {
        Machine machine;
        fake::kernel_memory().steps_until_failure = step;
        const auto created = machine.spaces().create(1, {1000, 1000}, 1);
        failed = !created;
        if (created) {
            const auto mapped = machine.spaces().map(*machine.client(1), writable(0x500000, 20), {0x500000, 0x514000});
            const bool before = fake::kernel_memory().steps_until_failure >= 0;
            failed = !mapped || !before;
            fake::kernel_memory().steps_until_failure = -1;
            if (!mapped) {
                CHECK(machine.client(1)->frames == 0);
                CHECK(machine.client(1)->regions.count() == 0);
                REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 20), {0x500000, 0x514000}));
            }
            CHECK(fake::kernel_memory().mapped_pages() == 20);
        }
        fake::kernel_memory().steps_until_failure = -1;
        machine.check_nothing_lost();
    }
    CHECK(step > 60);
}

TEST_CASE("what ran out of memory is named: PML4, PDPT, page directory, page table, page", "[pager]") {
    // A client that takes all but `left` pages; the next needs a page for itself and a PML4, then a mirror, a page table...
    const Error expected[] = {Error::no_memory_page, Error::no_memory_pml4, Error::no_memory_page,
                              Error::no_memory_pt,   Error::no_memory_pdpt, Error::no_memory_pd,
                              Error::no_memory_page, Error::no_memory_page};
    for (Word left = 0; left < std::size(expected); ++left) {
        Machine machine;
        Client& greedy = machine.create(1);
        REQUIRE(machine.spaces().map(greedy, writable(0x500000, 500), {}));
        for (Word address = 0x500000; machine.pager->memory.free_count() > Memory::reserve + left; address += page_size)
            machine.put(1, address, 1);
        const auto created = machine.spaces().create(2, {10, 100}, 2);
        if (!created) {
            CHECK(created.error() == expected[left]);
        } else {
            CHECK(machine.spaces().map(*machine.client(2), writable(0x500000, 1), {0x500000, 0x501000}).error() ==
                  expected[left]);
        }
        machine.check_nothing_lost();
    }
}

TEST_CASE("a client cannot hold more pages or tables than its quotas", "[pager]") {
    Machine machine;
    machine.create(1, 10, 7);
    const auto refused = machine.spaces().map(*machine.client(1), writable(0x500000, 20), {0x500000, 0x514000});
    CHECK(refused.error() == Error::over_quota);
    CHECK(machine.client(1)->frames == 0);
    REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 10), {0x500000, 0x50a000}));
    CHECK(machine.client(1)->frames == 10);
    CHECK(machine.client(1)->tables == 7); // its page, PML4, mirror, page table, directory, PDPT, copies
    CHECK(machine.spaces().map(*machine.client(1), writable(0x900000, 1), {0x900000, 0x901000}).error() ==
          Error::over_quota);
    machine.check_nothing_lost();
}

TEST_CASE("lent frames are mapped as copies and do not count", "[pager]") {
    Machine machine;
    machine.create(1, 0);
    const Region region{.range = {0x700000, 0x700000 + 300 * page_size}, .backing = Backing::lent, .source = 50};
    REQUIRE(machine.spaces().map(*machine.client(1), region, {}));
    for (Word address = region.range.start; address < region.range.end; address += page_size)
        REQUIRE((machine.entry(1, address) == nullptr || !machine.entry(1, address)->present));
    REQUIRE(machine.spaces().populate(*machine.client(1), region.range));
    CHECK(fake::kernel_memory().mapped_pages() == 300);
    CHECK(machine.entry(1, 0x701000)->frame == (fake::lent_bit | 51));
    CHECK(machine.client(1)->frames == 0);
    REQUIRE(machine.spaces().unmap(*machine.client(1), *machine.client(1)->regions.find(0x700000), 0));
    CHECK(fake::kernel_memory().mapped_pages() == 0);
    machine.check_nothing_lost();
}

TEST_CASE("bytes are written across pages, only into writable regions", "[pager]") {
    Machine machine;
    Client& client = machine.create(1);
    REQUIRE(machine.spaces().map(client, writable(0x500000, 2), {}));
    const Region text{.range = {0x400000, 0x401000}, .executable = true};
    REQUIRE(machine.spaces().map(client, text, {}));
    std::vector<uint8_t> bytes(600);
    for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<uint8_t>(i);
    REQUIRE(machine.spaces().write(client, 0x500e00, bytes));
    CHECK(machine.get(1, 0x500e00) == 0);
    CHECK(machine.get(1, 0x500e01) == 1);
    CHECK(machine.get(1, 0x501057) == static_cast<uint8_t>(599));
    CHECK(machine.spaces().write(client, 0x501f00, bytes).error() == Error::not_writable);
    CHECK(machine.spaces().write(client, 0x400000, bytes).error() == Error::not_writable);
    machine.check_nothing_lost();
}

TEST_CASE("R4 R25 two spaces at the same address have pages of their own", "[pager]") {
    Machine machine;
    for (const Word number : {1, 2}) {
        machine.create(number);
        REQUIRE(machine.spaces().map(*machine.client(number), writable(0x500000, 1), {}));
        machine.put(number, 0x500000, static_cast<uint8_t>(number));
    }
    CHECK(machine.get(1, 0x500000) == 1);
    REQUIRE(machine.spaces().unmap(*machine.client(2), *machine.client(2)->regions.find(0x500000), 0));
    CHECK(machine.get(1, 0x500000) == 1);
    machine.check_nothing_lost();
}

TEST_CASE("a page that is used again has nothing of what it held", "[pager]") {
    Machine machine;
    for (int round = 0; round < 3; ++round) {
        machine.create(1);
        REQUIRE(machine.spaces().map(*machine.client(1), writable(0x500000, 300), {}));
        for (Word address = 0x500000; address < 0x500000 + 300 * page_size; address += page_size) {
            REQUIRE(machine.get(1, address + 5) == 0);
            machine.put(1, address + 5, 0xaa);
        }
        machine.spaces().destroy(*machine.client(1));
    }
    machine.check_nothing_lost();
}

TEST_CASE("10,000 spaces made, cloned and destroyed leave the pool as it was", "[pager][property]") {
    Machine machine(2);
    std::mt19937 random(7);
    for (int i = 0; i < 10000; ++i) {
        machine.create(1);
        const Region region = writable(0x500000 + random() % 16 * 0x20'0000, 1 + random() % 3);
        REQUIRE(machine.spaces().map(*machine.client(1), region, region.range));
        if (i % 2 == 0) {
            REQUIRE(machine.spaces().clone(*machine.client(1), 2, 2));
            machine.put(2, region.range.start, 1);
            machine.spaces().destroy(*machine.client(2));
        }
        machine.spaces().destroy(*machine.client(1));
    }
    machine.check_nothing_lost();
}

TEST_CASE("the stock holds ready frames, and gives them up when memory is short", "[pager]") {
    Machine machine;
    Memory& memory = machine.pager->memory;
    memory.refill_stock();
    CHECK(memory.free_count() == memory.pool().total());
    CHECK(!memory.is_stock_low());
    machine.create(1, 0, 100000);
    Word address = 0;
    while (machine.pager->tables.ensure(*machine.client(1), address))
        address += table_span;
    CHECK(memory.free_count() <= Memory::reserve + 2);
    machine.check_nothing_lost();
}
