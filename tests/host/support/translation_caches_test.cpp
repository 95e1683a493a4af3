// SPDX-License-Identifier: BSD-2-Clause
// The model of what a CPU may have cached: does it keep what it may, throw away what it must, and notice what is wrong?
#include <support/catch.hpp>
#include <support/translation_caches.hpp>

using spec::Word;
using test::TranslationCaches;

namespace {

constexpr Word pml4 = 0x1000, pdpt = 0x2000, directory = 0x3000, table = 0x4000, other_pml4 = 0x5000, page_1 = 0x8000,
               page_2 = 0x9000, page_3 = 0xa000;
constexpr Word open = 7, read_only = 5, keep = Word{1} << 63;
constexpr Word address_1 = 0x5000, address_2 = 0x6000;

/// A few pages of memory with two pages mapped in a space of number 1, and a CPU that has seen them.
struct Tables {
    explicit Tables(bool pcids = false) : caches([this](Word at) { return memory.data() + at / 8; }, pcids) {
        entry(pml4, 0) = pdpt | open;
        entry(pdpt, 0) = directory | open;
        entry(directory, 0) = table | open;
        entry(table, 5) = page_1 | open;
        entry(table, 6) = page_2 | open;
        caches.load_cr3(pml4 | (pcids ? 1 : 0));
    }
    Word& entry(Word page, unsigned index) { return memory[page / 8 + index]; }
    bool is_wrong() {
        caches.look();
        const auto is_live = [&](Word address, unsigned) { return address != gone; };
        return !caches.wrong({is_live, [&](Word pcid) { return pcid == 1 ? root : Word{0}; }}).empty();
    }

    std::vector<Word> memory = std::vector<Word>(512 * 16);
    Word gone = 0;
    Word root = pml4;
    TranslationCaches caches;
};

} // namespace

TEST_CASE("a page that was unmapped stays cached until INVLPG of its address", "[caches]") {
    Tables tables;
    CHECK_FALSE(tables.is_wrong());
    tables.entry(table, 5) = 0;
    CHECK(tables.is_wrong());
    tables.caches.invlpg(address_2);
    CHECK(tables.is_wrong());
    tables.caches.invlpg(address_1);
    CHECK_FALSE(tables.is_wrong());
}

TEST_CASE("a table that was taken out leaves its pages cached, INVLPG of one of them is not enough", "[caches]") {
    Tables tables;
    tables.entry(directory, 0) = 0;
    tables.caches.invlpg(address_1);
    CHECK(tables.is_wrong());
    SECTION("INVLPG of each") { tables.caches.invlpg(address_2); }
    SECTION("CR3 is loaded") { tables.caches.load_cr3(pml4); }
    CHECK_FALSE(tables.is_wrong());
}

TEST_CASE("a walk may begin at a cached entry: what is written into a table that was taken out too early counts",
          "[caches]") {
    Tables tables;
    tables.entry(table, 5) = tables.entry(table, 6) = 0;
    tables.caches.load_cr3(pml4);
    CHECK_FALSE(tables.is_wrong());
    tables.entry(directory, 0) = 0;
    // The table's memory is used again before anything was invalidated.
    tables.entry(table, 7) = page_3 | open;
    tables.caches.look();
    // One INVLPG throws all paging-structure caches away, but not the page that was found through them.
    tables.caches.invlpg(address_1);
    CHECK(tables.is_wrong());
}

TEST_CASE("rights may be weaker in the caches, never stronger", "[caches]") {
    Tables tables;
    tables.entry(table, 5) = page_1 | read_only;
    CHECK(tables.is_wrong());
    tables.caches.invlpg(address_1);
    CHECK_FALSE(tables.is_wrong());
    tables.entry(table, 5) = page_1 | open;
    CHECK_FALSE(tables.is_wrong());
}

TEST_CASE("accessed and dirty bits make no difference", "[caches]") {
    Tables tables;
    tables.caches.mark(true, [](Word, unsigned, bool) {});
    CHECK((tables.entry(table, 5) & 0x60) == 0x60);
    CHECK((tables.entry(pml4, 0) & 0x60) == 0x20);
    CHECK_FALSE(tables.is_wrong());
}

TEST_CASE("memory that is gone must not be named, though the tables still do", "[caches]") {
    Tables tables;
    for (const Word page : {page_2, table, pml4}) {
        tables.gone = page;
        CHECK(tables.is_wrong());
    }
    tables.gone = page_3;
    CHECK_FALSE(tables.is_wrong());
}

TEST_CASE("with PCIDs another space's translations outlive the load of CR3", "[caches]") {
    Tables tables(true);
    tables.caches.load_cr3(other_pml4 | 2 | keep);
    tables.entry(table, 5) = 0;
    CHECK(tables.is_wrong());
    SECTION("INVLPG reaches the loaded space only") {
        tables.caches.invlpg(address_1);
        CHECK(tables.is_wrong());
        return;
    }
    SECTION("INVPCID, one address") { tables.caches.invpcid_address(1, address_1); }
    SECTION("INVPCID, the space") { tables.caches.invpcid_context(1); }
    SECTION("INVPCID, all") { tables.caches.invpcid_all(); }
    SECTION("the space is loaded without keeping") { tables.caches.load_cr3(pml4 | 1); }
    SECTION("CR4.PGE changes") { tables.caches.load_cr4(0x80); }
    CHECK_FALSE(tables.is_wrong());
}

TEST_CASE("what is cached of a free number does no harm until the number is given out again", "[caches]") {
    Tables tables(true);
    tables.caches.load_cr3(other_pml4 | 2 | keep);
    tables.root = 0;
    tables.gone = table;
    CHECK_FALSE(tables.is_wrong());
    tables.root = other_pml4;
    CHECK(tables.is_wrong());
    tables.caches.invpcid_context(1);
    CHECK_FALSE(tables.is_wrong());
}
