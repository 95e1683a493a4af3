// SPDX-License-Identifier: BSD-2-Clause
// The specification's MMU walker, against entries written by hand from the Intel manual.
#include <support/catch.hpp>

#include <spec/mmu.hpp>

#include <vector>

using namespace spec::mmu;
using spec::Word;

namespace {

constexpr Word pml4 = 0x1000, pdpt = 0x2000, directory = 0x3000, table = 0x4000;
constexpr Word open = 7;

struct Walked {
    Walked() {
        entry(pml4, 1) = pdpt | open;
        entry(pdpt, 2) = directory | open;
        entry(directory, 3) = table | open;
        entry(table, 4) = 0x7000 | open;
    }
    Word& entry(Word page, unsigned index) { return memory[page / 8 + index]; }
    std::optional<Translation> at(Word address) {
        return translate([this](Word where) { return memory.data() + where / 8; }, pml4, address);
    }
    std::vector<Word> memory = std::vector<Word>(512 * 8);
};

constexpr Word address = Word{1} << 39 | Word{2} << 30 | Word{3} << 21 | Word{4} << 12;

} // namespace

TEST_CASE("a 4 KiB page: all four levels", "[mmu]") {
    Walked walked;
    CHECK(walked.at(address | 0x123) == Translation{0x7123, 12, true, true, true, 0});
    CHECK_FALSE(walked.at(address + 0x1000));
    CHECK_FALSE(walked.at(0));
}

TEST_CASE("rights are those that every level gives", "[mmu]") {
    for (const auto& [page, index] : {std::pair(pml4, 1u), {pdpt, 2u}, {directory, 3u}, {table, 4u}}) {
        Walked walked;
        walked.entry(page, index) ^= 2;
        CHECK_FALSE(walked.at(address)->writable);
        walked.entry(page, index) ^= 2 | 4;
        CHECK_FALSE(walked.at(address)->user);
        walked.entry(page, index) ^= 4 | Word{1} << 63;
        CHECK_FALSE(walked.at(address)->executable);
        walked.entry(page, index) ^= 1;
        CHECK_FALSE(walked.at(address));
    }
}

TEST_CASE("large pages: bit 7 of a PDE or PDPTE, PAT in bit 12", "[mmu]") {
    Walked walked;
    walked.entry(directory, 3) = 0x4020'0000 | 0x1000 | 0x80 | open;
    CHECK(walked.at(address | 0x123) == Translation{0x4020'4123, 21, true, true, true, 4});
    walked.entry(directory, 3) |= 0x2000; // reserved: the address is not aligned
    CHECK_FALSE(walked.at(address));
    walked.entry(pdpt, 2) = 0x8000'0000 | 0x80 | 0x18 | open;
    CHECK(walked.at(address)->physical == (0x8000'0000 | (address & 0x3fff'ffff)));
    CHECK(walked.at(address)->page_bits == 30);
    CHECK(walked.at(address)->memory_type == 3);
}

TEST_CASE("in a PTE bit 7 is PAT, in a PML4E it is reserved", "[mmu]") {
    Walked walked;
    walked.entry(table, 4) |= 0x80;
    CHECK(walked.at(address)->memory_type == 4);
    walked.entry(pml4, 1) |= 0x80;
    CHECK_FALSE(walked.at(address));
}
