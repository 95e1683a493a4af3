// SPDX-License-Identifier: BSD-2-Clause
// Address spaces over a simulated kernel: what is mapped, and that nothing is lost, whatever fails and wherever.
#include <catch.hpp>
#include <fake_kernel_memory.hpp>
#include <memory>
#include <pager/address_space.hpp>
#include <random>

using namespace pager;
using protocol::Error;

namespace {

struct Machine {
    std::unique_ptr<Memory> memory = std::make_unique<Memory>();
    std::vector<uint8_t> archive_bytes;
    AddressSpace space;
    Word free_before = 0;

    explicit Machine(unsigned chunks = 1) : archive_bytes(20000) {
        fake::reset_kernel_memory();
        for (unsigned i = 0; i < chunks; ++i)
            REQUIRE(memory->pool().add_chunk(0x1000'0000 + i * 0x20'0000));
        for (size_t i = 0; i < archive_bytes.size(); ++i)
            archive_bytes[i] = static_cast<uint8_t>(i * 7 + 1);
        const Page first = *memory->pool().allocate(); // splits the first chunk
        memory->pool().release(first);
        free_before = memory->free_count();
    }
    Archive archive() const { return archive_bytes; }
    Result<void> create(Word quota = 1000) { return space.create(*memory, 7, 3, quota); }
    const fake::Mapping* at(Word address) const {
        const auto& leaves = fake::kernel_memory().spaces[space.pml4().number];
        const auto found = leaves.find(address);
        return found == leaves.end() ? nullptr : &found->second;
    }
    const std::vector<uint8_t>& bytes_at(Word address) const {
        return *fake::kernel_memory().bytes.at(static_cast<uint32_t>(at(address)->frame));
    }
    void check_nothing_lost() {
        CHECK(memory->free_count() == free_before);
        CHECK(fake::kernel_memory().mapped_pages() == 0);
        size_t made = fake::kernel_memory().made.size(); // all that is left is the stock
        CHECK(made == memory->free_count() - memory->pool().free_count());
    }
};

Region writable(Word start, Word pages) { return {.range = {start, start + pages * page_size}, .writable = true}; }

} // namespace

TEST_CASE("first touch maps a page of zeroes with the region's rights", "[pager]") {
    Machine machine;
    REQUIRE(machine.create());
    const Region region = writable(0x500000, 3);
    REQUIRE(machine.space.map(*machine.memory, machine.archive(), region, {}));
    CHECK(fake::kernel_memory().mapped_pages() == 0);
    REQUIRE(machine.space.provide(*machine.memory, machine.archive(), region, 0x501000));
    REQUIRE(machine.at(0x501000) != nullptr);
    CHECK(machine.at(0x501000)->access.write);
    CHECK(!machine.at(0x501000)->access.execute);
    CHECK(machine.at(0x500000) == nullptr);
    for (const uint8_t byte : machine.bytes_at(0x501000))
        REQUIRE(byte == 0);
    machine.space.destroy(*machine.memory);
    machine.check_nothing_lost();
}

TEST_CASE("R18 R19 image pages hold the file's bytes at odd offsets, and zeroes behind them", "[pager]") {
    Machine machine;
    REQUIRE(machine.create());
    const Region region{.range = {0x400000, 0x404000},
                        .backing = Backing::image,
                        .executable = true,
                        .file_bytes = {0x400123, 0x400123 + 5000},
                        .archive_offset = 777};
    REQUIRE(machine.space.map(*machine.memory, machine.archive(), region, region.range));
    for (Word address = 0x400000; address < 0x404000; ++address) {
        const bool from_file = address >= 0x400123 && address < 0x400123 + 5000;
        const uint8_t expected = from_file ? machine.archive_bytes[777 + address - 0x400123] : 0;
        REQUIRE(machine.bytes_at(address & ~Word{0xfff})[address & 0xfff] == expected);
    }
    CHECK(!machine.at(0x400000)->access.write);
    CHECK(machine.at(0x400000)->access.execute);
    machine.space.destroy(*machine.memory);
    machine.check_nothing_lost();
}

TEST_CASE("an image that reaches beyond the archive is refused when touched", "[pager]") {
    Machine machine;
    REQUIRE(machine.create());
    const Region region{.range = {0x400000, 0x410000},
                        .backing = Backing::image,
                        .file_bytes = {0x400000, 0x410000},
                        .archive_offset = 0};
    CHECK(machine.space.map(*machine.memory, machine.archive(), region, region.range).error() ==
          Error::bad_archive_range);
    CHECK(machine.space.regions().count() == 0);
    machine.space.destroy(*machine.memory);
    machine.check_nothing_lost();
}

TEST_CASE("out of memory at any step leaves no page, no mapping, no region behind", "[pager]") {
    // PML4, PDPT, page directory, page table, leaf and k-th page fail in turn, by the kernel's refusal.
    for (int step = 0; step < 60; ++step) {
        Machine machine;
        fake::kernel_memory().steps_until_failure = step;
        const Result<void> created = machine.create();
        if (!created) {
            machine.check_nothing_lost();
            continue;
        }
        const Word pages = machine.space.account().pages;
        const Region region = writable(0x500000, 20);
        const Result<void> mapped = machine.space.map(*machine.memory, machine.archive(), region, region.range);
        fake::kernel_memory().steps_until_failure = -1;
        if (!mapped) {
            CHECK(machine.space.account().pages == pages);
            CHECK(fake::kernel_memory().mapped_pages() == 0);
            CHECK(machine.space.regions().count() == 0);
            REQUIRE(machine.space.map(*machine.memory, machine.archive(), region,
                                      region.range)); // nothing stands in the way
        }
        CHECK(fake::kernel_memory().mapped_pages() == 20);
        machine.space.destroy(*machine.memory);
        machine.check_nothing_lost();
    }
}

TEST_CASE("what ran out of memory is named: PML4, PDPT, page directory, page table, page", "[pager]") {
    const Error expected[] = {Error::no_memory_pml4, Error::no_memory_page, Error::no_memory_pdpt, Error::no_memory_pd,
                              Error::no_memory_pt};
    for (Word left = 0; left < 5; ++left) {
        Machine machine;
        Account other{.client = 9, .newest = no_page, .pages = 0, .quota = 100000};
        while (machine.memory->free_count() > left)
            REQUIRE(machine.memory->take(other, abi::ObjectType::frame_4k, 0, Use::structure));
        const Result<void> created = machine.create();
        if (left == 0) {
            CHECK(created.error() == expected[0]);
            continue;
        }
        REQUIRE(created);
        const Region region = writable(0x500000, 1);
        CHECK(machine.space.map(*machine.memory, machine.archive(), region, region.range).error() == expected[left]);
        CHECK(machine.memory->free_count() == left - 1);
        machine.memory->give_back_since(other, no_page);
        machine.space.destroy(*machine.memory);
        machine.check_nothing_lost();
    }
}

TEST_CASE("a client cannot hold more than its quota, tables included", "[pager]") {
    Machine machine;
    REQUIRE(machine.create(4 + 10));
    const Region region = writable(0x500000, 20);
    CHECK(machine.space.map(*machine.memory, machine.archive(), region, region.range).error() == Error::over_quota);
    CHECK(machine.space.account().pages == 1);
    const Region small = writable(0x500000, 10);
    REQUIRE(machine.space.map(*machine.memory, machine.archive(), small, small.range));
    CHECK(machine.space.account().pages == 14);
    machine.space.destroy(*machine.memory);
    machine.check_nothing_lost();
}

TEST_CASE("lent frames are mapped as copies and come back when the region goes", "[pager]") {
    Machine machine;
    REQUIRE(machine.create());
    const Region region{.range = {0x700000, 0x700000 + 300 * page_size}, .backing = Backing::lent};
    REQUIRE(machine.space.map_lent(*machine.memory, region, 50, abi::MemoryType::write_back));
    CHECK(fake::kernel_memory().mapped_pages() == 300);
    CHECK(*machine.space.unmap(*machine.memory, 0x700000) == 3); // CNodes of 128 slots
    CHECK(fake::kernel_memory().mapped_pages() == 0);
    CHECK(fake::kernel_memory().copies.empty());
    machine.space.destroy(*machine.memory);
    machine.check_nothing_lost();
}

TEST_CASE("mapping lent frames fails as a whole at any step", "[pager]") {
    for (int step = 0; step < 300; step += 7) {
        Machine machine;
        REQUIRE(machine.create());
        fake::kernel_memory().steps_until_failure = step;
        const Region region{.range = {0x700000, 0x700000 + 140 * page_size}, .backing = Backing::lent};
        const bool mapped =
            static_cast<bool>(machine.space.map_lent(*machine.memory, region, 0, abi::MemoryType::write_back));
        fake::kernel_memory().steps_until_failure = -1;
        CHECK(fake::kernel_memory().mapped_pages() == (mapped ? 140 : 0));
        machine.space.destroy(*machine.memory);
        machine.check_nothing_lost();
    }
}

TEST_CASE("bytes are written across pages, only into writable regions", "[pager]") {
    Machine machine;
    REQUIRE(machine.create());
    REQUIRE(machine.space.map(*machine.memory, machine.archive(), writable(0x500000, 2), {}));
    const Region text{.range = {0x400000, 0x401000}, .executable = true};
    REQUIRE(machine.space.map(*machine.memory, machine.archive(), text, {}));
    std::vector<uint8_t> bytes(600);
    for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<uint8_t>(i);
    REQUIRE(machine.space.write(*machine.memory, machine.archive(), 0x500e00, bytes));
    CHECK(machine.bytes_at(0x500000)[0xe00] == 0);
    CHECK(machine.bytes_at(0x500000)[0xe01] == 1);
    CHECK(machine.bytes_at(0x501000)[0x57] == static_cast<uint8_t>(599));
    CHECK(machine.space.write(*machine.memory, machine.archive(), 0x501f00, bytes).error() == Error::not_writable);
    CHECK(machine.space.write(*machine.memory, machine.archive(), 0x400000, bytes).error() == Error::not_writable);
    machine.space.destroy(*machine.memory);
    machine.check_nothing_lost();
}

TEST_CASE("R4 R25 two spaces at the same address have pages of their own", "[pager]") {
    Machine machine;
    AddressSpace second;
    REQUIRE(machine.create());
    REQUIRE(second.create(*machine.memory, 8, 4, 100));
    const Region region = writable(0x500000, 1);
    const uint8_t one[] = {1};
    const uint8_t two[] = {2};
    REQUIRE(machine.space.map(*machine.memory, machine.archive(), region, region.range));
    REQUIRE(second.map(*machine.memory, machine.archive(), region, region.range));
    REQUIRE(machine.space.write(*machine.memory, machine.archive(), 0x500000, one));
    REQUIRE(second.write(*machine.memory, machine.archive(), 0x500000, two));
    CHECK(machine.bytes_at(0x500000)[0] == 1);
    REQUIRE(second.unmap(*machine.memory, 0x500000));
    CHECK(machine.bytes_at(0x500000)[0] == 1);
    second.destroy(*machine.memory);
    machine.space.destroy(*machine.memory);
    machine.check_nothing_lost();
}

TEST_CASE("10,000 spaces made and destroyed leave the pool as it was", "[pager][property]") {
    Machine machine(2);
    std::mt19937 random(7);
    for (int i = 0; i < 10000; ++i) {
        REQUIRE(machine.create());
        const Region region = writable(0x500000 + random() % 16 * 0x20'0000, 1 + random() % 3);
        REQUIRE(machine.space.map(*machine.memory, machine.archive(), region, region.range));
        machine.space.destroy(*machine.memory);
    }
    machine.check_nothing_lost();
}

TEST_CASE("the stock holds ready frames, and gives them up when memory is short", "[pager]") {
    Machine machine;
    machine.memory->refill_stock();
    CHECK(machine.memory->free_count() == machine.free_before);
    CHECK(!machine.memory->is_stock_low());
    Account other{.client = 9, .newest = no_page, .pages = 0, .quota = 100000};
    while (machine.memory->take(other, abi::ObjectType::page_table, 0, Use::structure)) {
    }
    CHECK(machine.memory->free_count() == 0);
    machine.memory->give_back_since(other, no_page);
    machine.check_nothing_lost();
}

TEST_CASE("pages are found by client and address, whatever was removed before", "[pager][property]") {
    Machine machine(3);
    std::mt19937 random(11);
    Account accounts[3] = {{0, no_page, 0, 10000}, {1, no_page, 0, 10000}, {2, no_page, 0, 10000}};
    std::map<std::pair<uint32_t, Word>, uint32_t> model;
    for (int i = 0; i < 5000; ++i) {
        Account& account = accounts[random() % 3];
        const Word address = random() % 400 * page_size;
        const auto key = std::pair(account.client, address);
        const Page found = machine.memory->pool().find(account.client, address);
        REQUIRE(found.is_none() == !model.contains(key));
        if (found.is_none()) {
            const auto page = machine.memory->take(account, abi::ObjectType::frame_4k, address, Use::leaf);
            REQUIRE(page);
            model[key] = (*page).number;
        } else {
            REQUIRE(found.number == model[key]);
            machine.memory->give_back(account, found);
            model.erase(key);
        }
    }
    for (Account& account : accounts)
        machine.memory->give_back_since(account, no_page);
    machine.check_nothing_lost();
}
