// SPDX-License-Identifier: BSD-2-Clause
// What physical addresses are for, and boot allocations: by example, and against a slow, obvious model.
#include <support/catch.hpp>

#include <boot/boot_memory.hpp>
#include <support/memory_maps.hpp>
#include <support/random.hpp>

namespace {

using namespace kernel;
using test::make_image;
using test::range;

constexpr uint64_t mib = 1 << 20;

/// A machine with 64 MiB: kernel at 1 MiB, two modules.
struct SmallMachine {
    SmallMachine() {
        make_image(image, {{0, 0x9'fc00, 1}, {0x10'0000, 63 * mib, 1}},
                   {{0x30'0000, 0x38'0100}, {0x39'0000, 0x40'0000}});
        memory.start(image);
        REQUIRE(memory.hold(range(0x10'0000, 0x2f'0123)));
    }
    BootImage image;
    BootMemory memory;
};

TEST_CASE("each use of memory has its regions") {
    const SmallMachine machine;
    const std::vector<MemoryRegion> expected{{range(0, 0x10'0000), MemoryUse::device},
                                             {range(0x10'0000, 0x2f'1000), MemoryUse::held},
                                             {range(0x2f'1000, 0x30'0000), MemoryUse::ram},
                                             {range(0x30'0000, 0x38'1000), MemoryUse::device},
                                             {range(0x38'1000, 0x39'0000), MemoryUse::ram},
                                             {range(0x39'0000, 0x40'0000), MemoryUse::device},
                                             {range(0x40'0000, 64 * mib), MemoryUse::ram},
                                             {range(64 * mib, 0xffff'fff0), MemoryUse::device},
                                             {range(0xffff'fff0, 0x1'0000'0000), MemoryUse::held},
                                             {range(0x1'0000'0000, uint64_t{1} << 47), MemoryUse::device}};
    PhysAddr address;
    for (const MemoryRegion& region : expected) {
        const MemoryRegion found = machine.memory.region_at(address);
        INFO(std::hex << address.raw());
        CHECK(found.use == region.use);
        CHECK(found.range == region.range);
        address = found.range.end;
    }
    CHECK(address == BootMemory::end);
    CHECK(machine.memory.free_bytes() == 0xf000 + 0xf000 + 60 * mib);
}

TEST_CASE("boot memory: special maps") {
    BootImage image;
    BootMemory memory;
    const auto use_of = [&](uint64_t address) { return memory.region_at(PhysAddr(address)).use; };
    SECTION("whatever is not usable wins over usable, in either order") {
        for (bool reserved_first : {true, false}) {
            const test::Map usable{0x10'0000, 64 * mib, 1}, reserved{0x20'0000, 0x1000, 2};
            make_image(image, {reserved_first ? reserved : usable, reserved_first ? usable : reserved});
            memory.start(image);
            CHECK(use_of(0x1f'ffff) == MemoryUse::ram);
            CHECK(use_of(0x20'0000) == MemoryUse::device);
            CHECK(use_of(0x20'1000) == MemoryUse::ram);
        }
    }
    SECTION("RAM counts in whole pages, the rest is device memory") {
        make_image(image, {{0x10'0800, 0x2000, 1}});
        memory.start(image);
        CHECK(memory.region_at(PhysAddr(0)).range == range(0, 0x10'1000));
        CHECK(memory.region_at(PhysAddr(0x10'1000)).range == range(0x10'1000, 0x10'2000));
        CHECK(use_of(0x10'1000) == MemoryUse::ram);
        CHECK(use_of(0x10'2000) == MemoryUse::device);
    }
    SECTION("a page made of two usable entries is RAM") {
        make_image(image, {{0x10'0000, 0x800, 1}, {0x10'0800, 0x800, 1}});
        memory.start(image);
        CHECK(memory.region_at(PhysAddr(0x10'0000)).range == range(0x10'0000, 0x10'1000));
        CHECK(use_of(0x10'0000) == MemoryUse::ram);
    }
    SECTION("RAM on both sides of the PCI hole is RAM") {
        make_image(image, {{0x10'0000, 0x7fef'0000, 1}, {0x1'0000'0000, 0x8000'0000, 1}});
        memory.start(image);
        CHECK(memory.free_bytes() == 0x7fef'0000 + uint64_t{0x8000'0000});
    }
    SECTION("usable memory at 8 TiB and above is held") {
        const uint64_t limit = layout::ram_limit.raw();
        make_image(image, {{limit - mib, 2 * mib, 1}});
        memory.start(image);
        CHECK(memory.region_at(PhysAddr(limit - mib)).range == range(limit - mib, limit));
        CHECK(use_of(limit - mib) == MemoryUse::ram);
        CHECK(use_of(limit) == MemoryUse::held);
        CHECK(use_of(limit + mib) == MemoryUse::device);
    }
    SECTION("usable memory over the last 16 bytes below 4 GiB loses that page") {
        make_image(image, {{0xffff'0000, 0x1'0000, 1}});
        memory.start(image);
        CHECK(memory.region_at(PhysAddr(0xffff'0000)).range == range(0xffff'0000, 0xffff'f000));
        CHECK(memory.region_at(PhysAddr(0xffff'f000)).range == range(0xffff'f000, 0xffff'fff0));
    }
}

TEST_CASE("held ranges") {
    SmallMachine machine;
    SECTION("that touch become one, so that allocations in a row do not use up the list") {
        for (unsigned i = 0; i < 10 * BootMemory::max_held; ++i)
            REQUIRE(machine.memory.allocate(4096, 4096));
    }
    SECTION("empty ones are none") {
        for (unsigned i = 0; i < 2 * BootMemory::max_held; ++i)
            CHECK(machine.memory.hold(range(0x50'0000 + i * 0x2000, 0x50'0000 + i * 0x2000)));
    }
    SECTION("more than there is room for are refused") {
        for (unsigned i = 0; i + 1 < BootMemory::max_held; ++i)
            REQUIRE(machine.memory.hold(range(0x50'0000 + i * 0x2000, 0x50'0001 + i * 0x2000)));
        const auto status = machine.memory.hold(range(0x100'0000, 0x100'0001));
        REQUIRE_FALSE(status);
        CHECK(status.error() == BootError::too_many_held_ranges);
    }
    SECTION("beyond 2^47 there is nothing to hold") {
        CHECK(machine.memory.hold(range(uint64_t{1} << 48, ~uint64_t{0})));
        CHECK(machine.memory.hold(range((uint64_t{1} << 47) - 1, ~uint64_t{0})));
        CHECK(machine.memory.region_at(PhysAddr((uint64_t{1} << 47) - 4096)).use == MemoryUse::held);
    }
}

TEST_CASE("boot allocations") {
    SmallMachine machine;
    BootMemory& memory = machine.memory;
    SECTION("take the lowest place and round up to pages") {
        CHECK(*memory.allocate(1, 16) == PhysAddr(0x2f'1000));
        CHECK(*memory.allocate(0xe000, 1) == PhysAddr(0x2f'2000));
        CHECK(*memory.allocate(1, 1) == PhysAddr(0x38'1000));
    }
    SECTION("keep the alignment") { CHECK(*memory.allocate(0x1000, 2 * mib) == PhysAddr(4 * mib)); }
    SECTION("go around what is to be avoided, which is handed out all the same") {
        REQUIRE(memory.avoid(range(0x2f'1008, 0x2f'2008)));
        REQUIRE(memory.avoid(range(0x2f'4000, 0x2f'4001)));
        CHECK(*memory.allocate(0x2000, 4096) == PhysAddr(0x2f'5000));
        CHECK(*memory.allocate(0x1000, 4096) == PhysAddr(0x2f'3000));
        CHECK(memory.region_at(PhysAddr(0x2f'1000)).use == MemoryUse::ram);
    }
    SECTION("end below the limit") {
        CHECK(*memory.allocate(0xf000, 4096, PhysAddr(0x30'0000)) == PhysAddr(0x2f'1000));
        CHECK(memory.allocate(0x1000, 4096, PhysAddr(0x30'0000)).error() == BootError::out_of_memory);
    }
    SECTION("refuse what makes no sense") {
        CHECK(memory.allocate(0, 4096).error() == BootError::bad_allocation);
        CHECK(memory.allocate(4096, 0).error() == BootError::bad_allocation);
        CHECK(memory.allocate(4096, 0x3000).error() == BootError::bad_allocation);
        for (uint64_t bytes : {64 * mib, ~uint64_t{0}, ~uint64_t{0} - 4095})
            CHECK(memory.allocate(bytes, 4096).error() == BootError::out_of_memory);
        CHECK(memory.allocate(4096, uint64_t{1} << 63).error() == BootError::out_of_memory);
    }
    SECTION("use up all RAM, to the last page") {
        uint64_t free = memory.free_bytes();
        for (; free != 0; free -= 4096)
            REQUIRE(memory.allocate(4096, 4096));
        CHECK(memory.free_bytes() == 0);
        CHECK(memory.allocate(4096, 4096).error() == BootError::out_of_memory);
    }
}

TEST_CASE("boot memory agrees with a model that looks at single addresses") {
    test::Random random("boot memory model");
    INFO("UMBRA_SEED=" << random.seed());
    for (unsigned round = 0; round < 300; ++round) {
        BootImage image;
        BootMemory memory;
        test::MemoryModel model;
        test::make_random_machine(random, image, memory, model);
        size_t wrong = 0;
        PhysAddr address;
        MemoryUse previous = MemoryUse::held;
        bool first = true;
        while (address < BootMemory::end) {
            const MemoryRegion region = memory.region_at(address);
            wrong += region.range.start != address || region.range.is_empty() || (!first && region.use == previous);
            for (uint64_t probe : model.probes(region.range))
                wrong += model.use_of(probe) != region.use;
            previous = region.use;
            first = false;
            address = region.range.end;
        }
        INFO("round " << round);
        CHECK(wrong == 0);
        CHECK(address == BootMemory::end);
    }
}

TEST_CASE("boot allocations never overlap anything") {
    test::Random random("boot allocations");
    INFO("UMBRA_SEED=" << random.seed());
    size_t successes = 0, failures = 0;
    for (unsigned round = 0; round < 100; ++round) {
        BootImage image;
        BootMemory memory;
        test::MemoryModel model;
        test::make_random_machine(random, image, memory, model);
        for (unsigned i = 0; i < 10; ++i) {
            const uint64_t bytes = 1 + random.of_any_size(22);
            const uint64_t alignment = uint64_t{1} << random.below(24);
            const uint64_t free = memory.free_bytes();
            const auto place = memory.allocate(bytes, alignment);
            if (!place) {
                ++failures;
                continue;
            }
            ++successes;
            size_t wrong = !place->is_aligned_to(alignment);
            const uint64_t pages = align_up(bytes, 4096);
            for (uint64_t offset = 0; offset < pages; offset += 4096)
                wrong += model.use_of(place->raw() + offset) != MemoryUse::ram;
            model.held.push_back({*place, *place + pages});
            INFO("round " << round << " allocation " << i);
            CHECK(wrong == 0);
            CHECK(memory.free_bytes() == free - pages);
        }
    }
    CHECK(successes > 100);
    CHECK(failures > 10);
}

} // namespace
