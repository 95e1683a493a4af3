// SPDX-License-Identifier: BSD-2-Clause
// Malformed memory maps and modules in the multiboot2 information: each case refused by its name or harmless.
#include <support/catch.hpp>

#include <support/multiboot2_reading.hpp>

namespace {

using namespace test;

TEST_CASE("malformed memory map: each case by its name") {
    const auto map_error = [](const std::vector<MapEntry>& map) {
        // An empty module may lie anywhere: it is not what fails.
        const Reading reading(Multiboot2Builder().memory_map(map).module(0, 0, "init").finished());
        REQUIRE_FALSE(reading.ok());
        return reading.complaint;
    };
    SECTION("missing") {
        CHECK(Reading(Multiboot2Builder().module(0x20'0000, 0x21'0000, "init").finished())
                  .refused_because("there is no multiboot2 memory map"));
    }
    SECTION("duplicate") {
        CHECK(Reading(sound_block().memory_map(ordinary_map).finished())
                  .refused_because("there are two multiboot2 memory maps"));
    }
    SECTION("tag too small for its fields") {
        for (size_t size : {0, 4, 7})
            CHECK(Reading(Multiboot2Builder().tag(6, ByteBuilder().zeros(size).bytes()).finished())
                      .refused_because("the memory map's tag is smaller than its fields"));
    }
    SECTION("entry size 0, below 24, not a multiple of 8, or not dividing the entries") {
        Multiboot2Builder builder = block_with_map(ordinary_map);
        for (uint32_t size : {0u, 1u, 8u, 16u, 23u, 28u, 25u, 32u, 48u, 0x8000'0000u, 0xffff'fff8u}) {
            ByteBuilder block = builder.finished();
            CHECK(Reading(block.set(16, size)).refused_because("the memory map has a wrong entry size"));
        }
    }
    SECTION("larger entries and another entry version are later versions, and read") {
        const ByteBuilder block =
            Multiboot2Builder().memory_map(ordinary_map, 32, 1).module(0x20'0000, 0x21'0000, "init").finished();
        const Reading reading(block);
        CHECK(reading.ok());
        CHECK(use_of(reading, 0x40e'ffff) == MemoryUse::ram);
        CHECK(use_of(reading, 0x40f'0000) == MemoryUse::device);
    }
    SECTION("unsorted and overlapping entries: what is not usable wins") {
        std::vector<MapEntry> map(ordinary_map.rbegin(), ordinary_map.rend());
        map.push_back({0x300'0000, 0x1000, 2});
        const Reading reading(block_with_map(map).finished());
        REQUIRE(reading.ok());
        CHECK(use_of(reading, 0x2ff'ffff) == MemoryUse::ram);
        CHECK(use_of(reading, 0x300'0000) == MemoryUse::device);
        CHECK(use_of(reading, 0x300'1000) == MemoryUse::ram);
    }
    SECTION("entries of length 0 are dropped") {
        std::vector<MapEntry> map = ordinary_map;
        map.push_back({0x5000'0000, 0, 1});
        const Reading reading(block_with_map(map).finished());
        REQUIRE(reading.ok());
        CHECK(use_of(reading, 0x5000'0000) == MemoryUse::device);
        CHECK(reading.image.reported_memory.bytes_used == ordinary_map.size() * 24);
    }
    SECTION("base + length wraps") {
        std::vector<MapEntry> map = ordinary_map;
        for (uint32_t type : {1, 2}) {
            map.push_back({0xffff'ffff'ffff'f000, 0x2000, type});
            CHECK(map_error(map) == "a memory map entry wraps around the end of the address space");
            map.back() = {0x1000, ~uint64_t{0}, type};
            CHECK(map_error(map) == "a memory map entry wraps around the end of the address space");
            map.pop_back();
        }
    }
    SECTION("usable memory above 2^52, or of length 2^64 - 1") {
        std::vector<MapEntry> map = ordinary_map;
        map.push_back({uint64_t{1} << 52, 0x1000, 1});
        CHECK(map_error(map) == "a memory map entry claims RAM above 2^52");
        map.back() = {0, ~uint64_t{0}, 1};
        CHECK(map_error(map) == "a memory map entry claims RAM above 2^52");
    }
    SECTION("reserved memory above 2^52 changes nothing") {
        std::vector<MapEntry> map = ordinary_map;
        map.push_back({uint64_t{1} << 60, 0x1000, 2});
        map.push_back({(uint64_t{1} << 52) - 0x1000, 0x8000, 2});
        const Reading reading(block_with_map(map).finished());
        REQUIRE(reading.ok());
        CHECK(use_of(reading, (uint64_t{1} << 47) - 1) == MemoryUse::device);
    }
    SECTION("type 0 and unknown types are not usable") {
        CHECK(map_error({{0x10'0000, 0x1000'0000, 0}, {0, 0x8'0000, 1}}) == "there is no usable memory above 1 MiB");
        CHECK(map_error({{0x10'0000, 0x1000'0000, 0x1'0001}}) == "there is no usable memory above 1 MiB");
    }
    SECTION("more entries than there is room for") {
        std::vector<MapEntry> map;
        for (size_t i = 0; i < 240; ++i)
            map.push_back({0x10'0000 + i * 0x10'0000, 0xf'f000, 1});
        CHECK(Reading(Multiboot2Builder().memory_map(map).module(0, 0, "init").finished()).ok());
        for (size_t i = 0; i < 240; ++i)
            map.push_back({0x1000'0000 + i * 0x10'0000, 0xf'f000, 1});
        CHECK(map_error(map) == "the memory map has too many entries");
    }
    SECTION("entries that continue another of their type are one with it") {
        std::vector<MapEntry> map;
        for (size_t i = 0; i < 1000; ++i)
            map.push_back({0x10'0000 + i * 0x1'0000, 0x1'0000, 1});
        map.push_back({0x10'0000 + 1000 * 0x1'0000, 0x1'0000, 3});
        map.push_back({0x10'0000 + 1001 * 0x1'0000, 0x1'0000, 3});
        const Reading reading(Multiboot2Builder().memory_map(map).module(0, 0, "init").finished());
        REQUIRE(reading.ok());
        const MemoryRegion region = reading.image.memory.region_at(PhysAddr(0x20'0000)); // behind the kernel
        CHECK(region.use == MemoryUse::ram);
        CHECK(region.range == PhysRange{PhysAddr(0x20'0000), PhysAddr(0x10'0000 + 1000 * 0x1'0000)});
        CHECK(reading.image.reported_memory.bytes_used == 50 * 24);
    }
    SECTION("no memory at all, or only below 1 MiB, or less than a page above") {
        CHECK(map_error({}) == "there is no usable memory above 1 MiB");
        CHECK(map_error({{0, 0x10'0000, 1}}) == "there is no usable memory above 1 MiB");
        CHECK(map_error({{0, 0x10'0fff, 1}}) == "there is no usable memory above 1 MiB");
        CHECK(map_error({{0x10'0001, 0x1fff - 1, 1}}) == "there is no usable memory above 1 MiB");
    }
}

TEST_CASE("malformed modules: each case by its name") {
    const auto error_with = [](uint32_t start, uint32_t end) {
        const Reading reading(sound_block().module(start, end, "second").finished());
        REQUIRE_FALSE(reading.ok());
        return reading.complaint;
    };
    SECTION("none") {
        CHECK(Reading(Multiboot2Builder().memory_map(ordinary_map).finished())
                  .refused_because("there is no boot module: the first must be the root task"));
    }
    SECTION("tag too small for its fields") {
        for (size_t size : {0, 4, 7})
            CHECK(Reading(block_with_tag(3, ByteBuilder().zeros(size).bytes()))
                      .refused_because("a module tag is smaller than its fields"));
    }
    SECTION("end before start") { CHECK(error_with(0x30'0000, 0x2f'ffff) == "a boot module ends before it starts"); }
    SECTION("empty modules are kept, wherever they are") {
        const Reading reading(
            sound_block().module(0x30'0000, 0x30'0000, "a").module(0x10'0000, 0x10'0000, "b").finished());
        REQUIRE(reading.ok());
        CHECK(reading.image.modules.size() == 3);
        CHECK(reading.image.modules[1].range().is_empty());
    }
    SECTION("not page-aligned") {
        CHECK(error_with(0x30'0800, 0x30'1000) == "a boot module does not start on a page boundary");
    }
    SECTION("overlapping the kernel image") {
        CHECK(error_with(0x1f'f000, 0x1f'f001) == "a boot module overlaps the kernel image");
        CHECK(error_with(0xf'f000, 0x10'0001) == "a boot module overlaps the kernel image");
        CHECK(error_with(0, 0xffff'ffff) == "a boot module overlaps the kernel image");
    }
    SECTION("overlapping another module") {
        CHECK(error_with(0x21'0000, 0x22'0000) == "two boot modules overlap");
        CHECK(error_with(0x20'0000, 0x21'0123) == "two boot modules overlap");
        CHECK(Reading(sound_block().module(0x21'1000, 0x21'2000, "second").finished()).ok());
    }
    SECTION("overlapping the information") {
        CHECK(error_with(0x9000, 0xa000) == "the multiboot2 information overlaps a boot module");
    }
    SECTION("in reserved memory, in a hole, or across the end of RAM") {
        CHECK(error_with(0xf'0000, 0xf'1000) == "a boot module lies outside usable memory");
        CHECK(error_with(0x8000'0000, 0x8000'1000) == "a boot module lies outside usable memory");
        CHECK(error_with(0x40e'f000, 0x40f'0001) == "a boot module lies outside usable memory");
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
                  .refused_because("a boot module lies outside usable memory"));
    }
    SECTION("64 are read, 65 and 1000 are too many") {
        Multiboot2Builder builder = Multiboot2Builder().memory_map(ordinary_map);
        for (uint32_t i = 0; i < 64; ++i)
            builder.module(0x30'0000 + i * 0x1000, 0x30'1000 + i * 0x1000, "m");
        CHECK(Reading(builder.finished()).ok());
        for (uint32_t i = 64; i < 1000; ++i) {
            builder.module(0x30'0000 + i * 0x1000, 0x30'1000 + i * 0x1000, "m");
            if (i == 64)
                CHECK(Reading(builder.finished()).refused_because("there are too many boot modules"));
        }
        CHECK(Reading(builder.finished()).refused_because("there are too many boot modules"));
    }
    SECTION("a name that is too long is cut, and ended by a zero byte") {
        const Reading reading(sound_block().module(0x30'0000, 0x30'1000, std::string(500, 'n')).finished());
        REQUIRE(reading.ok());
        CHECK(std::string(reading.image.modules[1].name) == std::string(111, 'n'));
    }
    SECTION("a name without a zero byte ends with its tag") {
        const Reading reading(sound_block().module(0x30'0000, 0x30'1000, "12345678", false).finished());
        REQUIRE(reading.ok());
        CHECK(std::string(reading.image.modules[1].name) == "12345678");
    }
}

} // namespace
