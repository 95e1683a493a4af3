// SPDX-License-Identifier: BSD-2-Clause
// Malformed memory maps and modules in the multiboot2 information: each case refused by its name or harmless.
#include <support/catch.hpp>

#include <support/multiboot2_reading.hpp>

namespace {

using namespace test;

TEST_CASE("malformed memory map: each case by its name") {
    const auto map_error = [](const std::vector<MapEntry>& map) {
        const Reading reading(block_with_map(map).finished());
        REQUIRE_FALSE(reading.ok());
        return reading.status.error();
    };
    SECTION("missing") {
        CHECK(Reading(Multiboot2Builder().module(0x20'0000, 0x21'0000, "init").finished())
                  .failed_with(BootError::no_memory_map));
    }
    SECTION("duplicate") {
        CHECK(Reading(sound_block().memory_map(ordinary_map).finished()).failed_with(BootError::duplicate_memory_map));
    }
    SECTION("tag too small for its fields") {
        for (size_t size : {0, 4, 7})
            CHECK(Reading(Multiboot2Builder().tag(6, ByteBuilder().zeros(size).bytes()).finished())
                      .failed_with(BootError::tag_too_small));
    }
    SECTION("entry size 0, below 24, not a multiple of 8, or not dividing the entries") {
        Multiboot2Builder builder = block_with_map(ordinary_map);
        for (uint32_t size : {0u, 1u, 8u, 16u, 23u, 28u, 25u, 32u, 48u, 0x8000'0000u, 0xffff'fff8u}) {
            ByteBuilder block = builder.finished();
            CHECK(Reading(block.set(16, size)).failed_with(BootError::bad_memory_entry_size));
        }
    }
    SECTION("larger entries and another entry version are later versions, and read") {
        const ByteBuilder block =
            Multiboot2Builder().memory_map(ordinary_map, 32, 1).module(0x20'0000, 0x21'0000, "init").finished();
        const Reading reading(block);
        CHECK(reading.ok());
        CHECK(reading.image.memory.size() == ordinary_map.size());
    }
    SECTION("unsorted and overlapping entries are read as they are") {
        std::vector<MapEntry> map(ordinary_map.rbegin(), ordinary_map.rend());
        map.push_back({0x300'0000, 0x1000, 2});
        CHECK(Reading(block_with_map(map).finished()).ok());
    }
    SECTION("entries of length 0 are dropped") {
        std::vector<MapEntry> map = ordinary_map;
        map.push_back({0x5000'0000, 0, 1});
        const Reading reading(block_with_map(map).finished());
        CHECK(reading.ok());
        CHECK(reading.image.memory.size() == ordinary_map.size());
    }
    SECTION("base + length wraps") {
        std::vector<MapEntry> map = ordinary_map;
        for (uint32_t type : {1, 2}) {
            map.push_back({0xffff'ffff'ffff'f000, 0x2000, type});
            CHECK(map_error(map) == BootError::memory_entry_wraps);
            map.back() = {0x1000, ~uint64_t{0}, type};
            CHECK(map_error(map) == BootError::memory_entry_wraps);
            map.pop_back();
        }
    }
    SECTION("usable memory above 2^52, or of length 2^64 - 1") {
        std::vector<MapEntry> map = ordinary_map;
        map.push_back({uint64_t{1} << 52, 0x1000, 1});
        CHECK(map_error(map) == BootError::memory_entry_past_limit);
        map.back() = {0, ~uint64_t{0}, 1};
        CHECK(map_error(map) == BootError::memory_entry_past_limit);
    }
    SECTION("reserved memory above 2^52 is dropped or cut") {
        std::vector<MapEntry> map = ordinary_map;
        map.push_back({uint64_t{1} << 60, 0x1000, 2});
        map.push_back({(uint64_t{1} << 52) - 0x1000, 0x8000, 2});
        const Reading reading(block_with_map(map).finished());
        REQUIRE(reading.ok());
        REQUIRE(reading.image.memory.size() == ordinary_map.size() + 1);
        CHECK(reading.image.memory[ordinary_map.size()].range.end == PhysAddr(uint64_t{1} << 52));
    }
    SECTION("type 0 and unknown types are not usable") {
        CHECK(map_error({{0x10'0000, 0x1000'0000, 0}, {0, 0x8'0000, 1}}) == BootError::no_usable_memory);
        CHECK(map_error({{0x10'0000, 0x1000'0000, 0x1'0001}}) == BootError::no_usable_memory);
    }
    SECTION("more entries than there is room for") {
        std::vector<MapEntry> map;
        for (size_t i = 0; i < BootImage::max_memory_entries; ++i)
            map.push_back({0x10'0000 + i * 0x10'0000, 0xf'f000, 1});
        CHECK(Reading(block_with_map(map).finished()).ok());
        map.push_back({0xf000'0000, 0x1000, 2});
        CHECK(map_error(map) == BootError::too_many_memory_entries);
    }
    SECTION("entries that continue another of their type are one with it") {
        std::vector<MapEntry> map;
        for (size_t i = 0; i < 1000; ++i)
            map.push_back({0x10'0000 + i * 0x1'0000, 0x1'0000, 1});
        map.push_back({0x10'0000 + 1000 * 0x1'0000, 0x1'0000, 3});
        map.push_back({0x10'0000 + 1001 * 0x1'0000, 0x1'0000, 3});
        const Reading reading(block_with_map(map).finished());
        REQUIRE(reading.ok());
        REQUIRE(reading.image.memory.size() == 2);
        CHECK(reading.image.memory[0].range.size() == 1000 * 0x1'0000);
        CHECK(reading.image.memory[1].range.size() == 2 * 0x1'0000);
    }
    SECTION("no memory at all, or only below 1 MiB, or less than a page above") {
        CHECK(map_error({}) == BootError::no_usable_memory);
        CHECK(map_error({{0, 0x10'0000, 1}}) == BootError::no_usable_memory);
        CHECK(map_error({{0, 0x10'0fff, 1}}) == BootError::no_usable_memory);
        CHECK(map_error({{0x10'0001, 0x1fff - 1, 1}}) == BootError::no_usable_memory);
    }
}

TEST_CASE("malformed modules: each case by its name") {
    const auto error_with = [](uint32_t start, uint32_t end) {
        const Reading reading(sound_block().module(start, end, "second").finished());
        REQUIRE_FALSE(reading.ok());
        return reading.status.error();
    };
    SECTION("none") {
        CHECK(Reading(Multiboot2Builder().memory_map(ordinary_map).finished()).failed_with(BootError::no_modules));
    }
    SECTION("tag too small for its fields") {
        for (size_t size : {0, 4, 7})
            CHECK(Reading(block_with_tag(3, ByteBuilder().zeros(size).bytes())).failed_with(BootError::bad_module_tag));
    }
    SECTION("end before start") { CHECK(error_with(0x30'0000, 0x2f'ffff) == BootError::module_reversed); }
    SECTION("empty modules are kept, wherever they are") {
        const Reading reading(
            sound_block().module(0x30'0000, 0x30'0000, "a").module(0x10'0000, 0x10'0000, "b").finished());
        REQUIRE(reading.ok());
        CHECK(reading.image.modules.size() == 3);
        CHECK(reading.image.modules[1].range.is_empty());
    }
    SECTION("not page-aligned") { CHECK(error_with(0x30'0800, 0x30'1000) == BootError::module_misaligned); }
    SECTION("overlapping the kernel image") {
        CHECK(error_with(0x1f'f000, 0x1f'f001) == BootError::module_overlaps_kernel);
        CHECK(error_with(0xf'f000, 0x10'0001) == BootError::module_overlaps_kernel);
        CHECK(error_with(0, 0xffff'ffff) == BootError::module_overlaps_kernel);
    }
    SECTION("overlapping another module") {
        CHECK(error_with(0x21'0000, 0x22'0000) == BootError::module_overlaps_module);
        CHECK(error_with(0x20'0000, 0x21'0123) == BootError::module_overlaps_module);
        CHECK(Reading(sound_block().module(0x21'1000, 0x21'2000, "second").finished()).ok());
    }
    SECTION("overlapping the information") { CHECK(error_with(0x9'0000, 0x9'1000) == BootError::info_overlaps_module); }
    SECTION("in reserved memory, in a hole, or across the end of RAM") {
        CHECK(error_with(0xf'0000, 0xf'1000) == BootError::module_outside_ram);
        CHECK(error_with(0x8000'0000, 0x8000'1000) == BootError::module_outside_ram);
        CHECK(error_with(0x40e'f000, 0x40f'0001) == BootError::module_outside_ram);
        CHECK(Reading(sound_block().module(0x40e'f000, 0x40f'0000, "last page").finished()).ok());
    }
    SECTION("in RAM made of several entries, in any order") {
        const std::vector<MapEntry> map{{0x200'0000, 0x100'0000, 1}, {0x10'0000, 0x1f0'0000, 1}};
        CHECK(Reading(block_with_map(map).module(0x1ff'f000, 0x200'1000, "across").finished()).ok());
    }
    SECTION("in RAM that is reserved too") {
        std::vector<MapEntry> map = ordinary_map;
        map.push_back({0x30'0000, 0x1000, 2});
        CHECK(Reading(block_with_map(map).module(0x2f'f000, 0x30'0001, "m").finished())
                  .failed_with(BootError::module_outside_ram));
    }
    SECTION("64 are read, 65 and 1000 are too many") {
        Multiboot2Builder builder = Multiboot2Builder().memory_map(ordinary_map);
        for (uint32_t i = 0; i < 64; ++i)
            builder.module(0x30'0000 + i * 0x1000, 0x30'1000 + i * 0x1000, "m");
        CHECK(Reading(builder.finished()).ok());
        for (uint32_t i = 64; i < 1000; ++i) {
            builder.module(0x30'0000 + i * 0x1000, 0x30'1000 + i * 0x1000, "m");
            if (i == 64)
                CHECK(Reading(builder.finished()).failed_with(BootError::too_many_modules));
        }
        CHECK(Reading(builder.finished()).failed_with(BootError::too_many_modules));
    }
    SECTION("a name without a zero byte ends with its tag") {
        const Reading reading(sound_block().module(0x30'0000, 0x30'1000, "12345678", false).finished());
        REQUIRE(reading.ok());
        CHECK(text(reading.image.modules[1].name) == "12345678");
    }
}

} // namespace
