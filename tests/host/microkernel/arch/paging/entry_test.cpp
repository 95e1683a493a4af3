// SPDX-License-Identifier: BSD-2-Clause
// Table entries bit by bit, against the figures of SDM Vol. 3A, "Hierarchical Paging Structures", typed afresh here.
#include <support/catch.hpp>

#include <arch/x86_64/paging/entry.hpp>
#include <arch/x86_64/paging/walk.hpp>
#include <mem/direct_map.hpp>

#include <memory>

using namespace kernel;

namespace {

constexpr Word present = 1, writable = 2, user = 4, write_through = 8, cache_disable = 16, page_size = 128;
constexpr Word execute_disable = Word{1} << 63;

} // namespace

TEST_CASE("R16: rights become exactly the bits of a page-table entry", "[paging]") {
    const PhysAddr frame(0x12345000);
    for (unsigned rights = 0; rights < 8; rights++) {
        const Permissions permissions{(rights & 1) != 0, (rights & 2) != 0, (rights & 4) != 0};
        const Word expected = frame.raw() | present | (permissions.user ? user : 0) |
                              (permissions.write ? writable : 0) | (permissions.execute ? 0 : execute_disable);
        CAPTURE(rights);
        CHECK(Entry::page(frame, Level::pt, permissions, 0, true).raw() == expected);
        // A CPU without execute-disable reserves the bit.
        CHECK(Entry::page(frame, Level::pt, permissions, 0, false).raw() == (expected & ~execute_disable));
    }
}

TEST_CASE("R17: what may be executed has no execute-disable, what may be written has it", "[paging]") {
    CHECK((Entry::page(PhysAddr(0x1000), Level::pt, {true, false, true}, 0, true).raw() & execute_disable) == 0);
    CHECK((Entry::page(PhysAddr(0x1000), Level::pt, {true, true, false}, 0, true).raw() & execute_disable) != 0);
}

TEST_CASE("memory types become PWT, PCD and PAT at the place of each page size", "[paging]") {
    const Word types[] = {0, write_through, cache_disable, write_through | cache_disable};
    for (Word type = 0; type < 4; type++) {
        const Word small = Entry::page(PhysAddr(0), Level::pt, {true, false, true}, type, true).raw();
        CHECK(small == (present | user | types[type]));
    }
    constexpr Word pat_small = 128, pat_large = 1 << 12;
    CHECK(Entry::page(PhysAddr(0), Level::pt, {true, false, true}, 4, true).raw() == (present | user | pat_small));
    CHECK(Entry::page(PhysAddr(0), Level::pd, {true, false, true}, 4, true).raw() ==
          (present | user | page_size | pat_large));
    // A 1 GiB frame ignores PAT.
    CHECK(Entry::page(PhysAddr(0), Level::pdpt, {true, false, true}, 4, true).raw() == (present | user | page_size));
}

TEST_CASE("a keeper index stays in its seven bits, present or not", "[paging]") {
    for (unsigned keeper : {0u, 1u, 127u}) {
        CHECK(Entry::absent(keeper).keeper() == keeper);
        CHECK_FALSE(Entry::absent(keeper).is_present());
        const Entry table = Entry::table(PhysAddr(0x7000), 0).with_keeper(keeper);
        CHECK(table.keeper() == keeper);
        CHECK(table.table_address() == PhysAddr(0x7000));
        CHECK(table.is_table(Level::pml4));
    }
}

TEST_CASE("R3: the walk goes through four levels and stops where nothing leads on", "[paging]") {
    constexpr unsigned table_count = 5;
    struct Tables {
        Table table[table_count];
    };
    const auto memory = std::make_unique<Tables>();
    const Word old_base = std::exchange(host_window_base, reinterpret_cast<Word>(memory.get()));
    const auto at = [](unsigned i) { return PhysAddr(Word{i} * sizeof(Table)); };
    const VirtAddr address(0x0000'7fab'cdef'1234);
    const unsigned index[] = {0, (0x7fab'cdef'1234 >> 12) & 511, (0x7fab'cdef'1234 >> 21) & 511,
                              (0x7fab'cdef'1234 >> 30) & 511, (0x7fab'cdef'1234 >> 39) & 511};

    WalkResult found = walk(at(0), address);
    CHECK(found.level == Level::pml4);
    CHECK(found.entry == &memory->table[0].entries[index[4]]);
    *found.entry = Entry::table(at(1), 0);
    found = walk(at(0), address);
    CHECK(found.level == Level::pdpt);
    CHECK(found.entry == &memory->table[1].entries[index[3]]);
    *found.entry = Entry::table(at(2), 0);
    CHECK(walk(at(0), address, Level::pdpt).level == Level::pdpt);
    found = walk(at(0), address);
    CHECK(found.level == Level::pd);
    CHECK(found.entry == &memory->table[2].entries[index[2]]);
    *found.entry = Entry::table(at(3), 0);
    found = walk(at(0), address);
    CHECK(found.level == Level::pt);
    CHECK(found.entry == &memory->table[3].entries[index[1]]);

    // A large page ends the walk one level up.
    memory->table[2].entries[index[2]] = Entry::page(PhysAddr(0x20'0000), Level::pd, {true, false, false}, 0, true);
    found = walk(at(0), address);
    CHECK(found.level == Level::pd);
    CHECK(found.entry->page_address(Level::pd) == PhysAddr(0x20'0000));
    host_window_base = old_base;
}

TEST_CASE("an exchanged entry tells what it was, accessed and dirty included", "[paging]") {
    constexpr Word accessed_and_dirty = 0x60;
    Entry entry(Entry::page(PhysAddr(0x9000), Level::pt, {true, true, false}, 0, true).raw() | accessed_and_dirty);
    const Entry old = exchange(entry, Entry::absent(5));
    CHECK(old.is_accessed());
    CHECK(old.is_dirty());
    CHECK(entry == Entry::absent(5));
}
