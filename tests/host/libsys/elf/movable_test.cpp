// SPDX-License-Identifier: BSD-2-Clause
// Position-independent programs: what is read, what is refused by its name, and what relocation does to bytes.
#include <catch.hpp>
#include <libsys/elf/elf_builder.hpp>
#include <sys/elf/image.hpp>

using namespace sys;
using elf::Fault;

namespace {

constexpr elf::Limits movable{.movable = true};
constexpr Word table_at = 0x2100, dynamic_at = 0x2200; ///< in the file and, less 0x1000, in memory

/// Text at 0, data at 0x1000 (file offset 0x2000, 0x400 bytes, 0x3000 in memory), in which relocations and dynamic table lie.
struct MovableBuilder : ElfBuilder {
    MovableBuilder() {
        header.type = elf::type_dynamic;
        header.entry = 0;
        programs.clear();
        add(elf::segment_load, 5, 0x1000, 0, 64, 64);
        add(elf::segment_load, 6, 0x2000, 0x1000, 0x400, 0x3000);
        add(elf::segment_dynamic, 4, dynamic_at, dynamic_at - 0x1000, 0x80, 0x80, 8);
    }
    std::vector<elf::Relocation> relocations{{0x1010, elf::relocation_relative, 0x20},
                                             {0x1020, elf::relocation_none, 0},
                                             {0x13f8, elf::relocation_relative, 0x1000}};
    std::vector<elf::DynamicEntry> dynamic{{elf::dynamic_rela, table_at - 0x1000},
                                           {elf::dynamic_rela_size, 72},
                                           {elf::dynamic_rela_entry, 24},
                                           {elf::dynamic_end, 0}};
    std::vector<uint8_t> bytes() const {
        std::vector<uint8_t> file = ElfBuilder::bytes(0x2400);
        std::memcpy(file.data() + table_at, relocations.data(), relocations.size() * sizeof(elf::Relocation));
        std::memcpy(file.data() + dynamic_at, dynamic.data(), dynamic.size() * sizeof(elf::DynamicEntry));
        return file;
    }
};

template <class Change>
Fault fault_after(Change change, const elf::Limits& limits = movable) {
    MovableBuilder builder;
    change(builder);
    const auto image = elf::Image::read(builder.bytes(), limits);
    return image ? Fault::none : elf::fault_of(image.error());
}

Word word_at(const std::vector<uint8_t>& bytes, size_t offset) {
    Word value;
    std::memcpy(&value, bytes.data() + offset, sizeof(value));
    return value;
}

} // namespace

TEST_CASE("elf: a position-independent program is read where one is wanted", "[libsys][elf]") {
    const auto image = elf::Image::read(MovableBuilder().bytes(), movable);
    REQUIRE(image);
    CHECK(image->is_movable());
    CHECK(image->relocation_count() == 3);
    CHECK(image->segments()[0].address == 0);
    CHECK(fault_after([](MovableBuilder&) {}, {}) == Fault::position_independent);
    CHECK_FALSE(elf::Image::read(ElfBuilder().bytes(), movable)->is_movable());
    CHECK(fault_after([](MovableBuilder& b) { b.programs.pop_back(), b.header.header_count = 2; }) == Fault::none);
}

TEST_CASE("elf: what a position-independent program must not ask for is refused by its name", "[libsys][elf]") {
    const auto with_entry = [](elf::DynamicEntry entry) {
        return fault_after([=](MovableBuilder& b) { b.dynamic.insert(b.dynamic.begin(), entry); });
    };
    CHECK(with_entry({elf::dynamic_needed, 1}) == Fault::needs_library);
    for (const int64_t tag :
         {elf::dynamic_rel, elf::dynamic_relr, elf::dynamic_text_relocations, elf::dynamic_jump_relocations})
        CHECK(with_entry({tag, 0}) == Fault::unknown_relocation);
    CHECK(with_entry({elf::dynamic_rela_entry, 16}) == Fault::bad_relocations);
    CHECK(with_entry({100, 100}) == Fault::none);
    CHECK(fault_after([](MovableBuilder& b) { b.dynamic.pop_back(); }) == Fault::bad_dynamic);
    CHECK(fault_after([](MovableBuilder& b) { b.add(elf::segment_dynamic, 4, dynamic_at, 0x1200, 0x80, 0x80, 8); }) ==
          Fault::bad_dynamic);
    CHECK(fault_after([](MovableBuilder& b) { b.programs[2].file_size = 8; }) == Fault::bad_dynamic);
    CHECK(fault_after([](MovableBuilder& b) { b.programs[2].offset = 0x2400; }) == Fault::bad_dynamic);
    CHECK(fault_after([](MovableBuilder& b) { b.add(elf::segment_interpreter, 4, 0x2000, 0x1000, 8, 8, 8); }) ==
          Fault::needs_interpreter);
}

TEST_CASE("elf: relocations that lead anywhere else are refused by their name", "[libsys][elf]") {
    const auto at = [](Word place, uint64_t kind = elf::relocation_relative) {
        return fault_after([=](MovableBuilder& b) { b.relocations[0] = {place, kind, 0}; });
    };
    CHECK(at(0x1000) == Fault::none);
    CHECK(at(0x13f9) == Fault::relocated_code); // the last byte is not in the file
    CHECK(at(0x1400) == Fault::relocated_code);
    CHECK(at(0x10) == Fault::relocated_code); // text
    CHECK(at(~Word{0} - 3) == Fault::relocated_code);
    CHECK(at(0x1000, 6) == Fault::unknown_relocation);
    CHECK(fault_after([](MovableBuilder& b) { b.dynamic[1].value = 71; }) == Fault::bad_relocations);
    CHECK(fault_after([](MovableBuilder& b) { b.dynamic[1].value = 0x4000; }) == Fault::bad_relocations);
    CHECK(fault_after([](MovableBuilder& b) { b.dynamic[0].value = 0x13ff; }) == Fault::bad_relocations);
    CHECK(fault_after([](MovableBuilder& b) { b.dynamic[0].value = ~Word{0} - 8; }) == Fault::bad_relocations);
}

TEST_CASE("elf: data that is read-only once relocated is a segment of its own", "[libsys][elf]") {
    const auto read = [](Word address, Word size) {
        MovableBuilder builder;
        builder.add(elf::segment_relro, 4, 0x2000, address, 0x100, size, 1);
        return elf::Image::read(builder.bytes(), movable);
    };
    const auto image = read(0x1000, 0x1000);
    REQUIRE(image);
    REQUIRE(image->segments().size() == 3);
    const elf::Segment &front = image->segments()[1], &rest = image->segments()[2];
    CHECK_FALSE(front.writable);
    CHECK(front.pages().end == rest.pages().start);
    CHECK(front.file_size == 0x400);
    CHECK(rest.writable);
    CHECK(rest.address == 0x2000);
    CHECK(rest.memory_size == 0x2000);
    CHECK(rest.file_size == 0);
    const auto whole = read(0x1000, 0x3000);
    REQUIRE(whole);
    CHECK(whole->segments().size() == 2);
    CHECK_FALSE(whole->segments()[1].writable);
    for (const auto& [address, size] : {std::pair{0x1000, 0xfff}, {0x1000, 0x4000}, {0x2000, 0x1000}, {0, 0x1000}})
        CHECK(elf::fault_of(read(static_cast<Word>(address), static_cast<Word>(size)).error()) == Fault::bad_relro);
}

TEST_CASE("elf: relocation adds the base, in whatever pieces it is done", "[libsys][elf]") {
    const auto file = MovableBuilder().bytes();
    const auto image = elf::Image::read(file, movable);
    REQUIRE(image);
    constexpr Word base = 0x12'3456'7000;
    for (size_t piece = 1; piece < 40; ++piece) {
        std::vector<uint8_t> data(file.begin() + 0x2000, file.end());
        unsigned changed = 0;
        for (size_t done = 0; done < data.size(); done += piece) {
            const size_t count = std::min(piece, data.size() - done);
            changed += image->relocate(file, base, 0x1000 + done, std::span(data).subspan(done, count)) ? 1 : 0;
        }
        CHECK(word_at(data, 0x10) == base + 0x20);
        CHECK(word_at(data, 0x3f8) == base + 0x1000);
        CHECK(changed >= (piece >= 8 ? 2u : 16 / piece));
        CHECK(std::equal(data.begin() + 0x18, data.begin() + 0x3f8, file.begin() + 0x2018));
    }
}
