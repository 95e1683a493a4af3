// SPDX-License-Identifier: BSD-2-Clause
// What physical addresses are for, and boot allocations: by example, and against a slow, obvious model.
#include <support/catch.hpp>

#include <boot/boot_memory.hpp>
#include <kernel_host.hpp>
#include <support/memory_maps.hpp>
#include <support/random.hpp>

namespace {

using namespace kernel;
using test::claim_all;
using test::range;

constexpr uint64_t mib = 1 << 20;

/// A machine with 64 MiB: kernel at 1 MiB, two modules.
struct SmallMachine {
    SmallMachine() {
        claim_all(memory, {{0, 0x9'fc00, 1}, {0x10'0000, 63 * mib, 1}},
                  {{0x30'0000, 0x38'0100}, {0x39'0000, 0x40'0000}});
        memory.claim(range(0x10'0000, 0x2f'1000), MemoryUse::held);
    }
    BootMemory memory;
};

TEST_CASE("each use of memory has its regions") {
    const SmallMachine machine;
    const std::vector<MemoryRegion> expected{{range(0, 0x10'0000), MemoryUse::device},
                                             {range(0x10'0000, 0x2f'1000), MemoryUse::held},
                                             {range(0x2f'1000, 0x30'0000), MemoryUse::ram},
                                             {range(0x30'0000, 0x38'1000), MemoryUse::module},
                                             {range(0x38'1000, 0x39'0000), MemoryUse::ram},
                                             {range(0x39'0000, 0x40'0000), MemoryUse::module},
                                             {range(0x40'0000, 64 * mib), MemoryUse::ram},
                                             {range(64 * mib, 0xffff'fff0), MemoryUse::device},
                                             {range(0xffff'fff0, 0x1'0000'0000), MemoryUse::held},
                                             {range(0x1'0000'0000, uint64_t{1} << 47), MemoryUse::device}};
    const auto found = machine.memory.regions();
    REQUIRE(found.size() == expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
        INFO(std::hex << found[i].range.start.raw());
        CHECK(found[i].use == expected[i].use);
        CHECK(found[i].range == expected[i].range);
    }
    CHECK(machine.memory.free_bytes() == 0xf000 + 0xf000 + 60 * mib);
}

TEST_CASE("boot memory: special maps") {
    BootMemory memory;
    const auto use_of = [&](uint64_t address) { return memory.region_at(PhysAddr(address)).use; };
    SECTION("whatever is not usable wins over usable, in either order") {
        for (bool reserved_first : {true, false}) {
            const test::Map usable{0x10'0000, 64 * mib, 1}, reserved{0x20'0000, 0x1000, 2};
            claim_all(memory, {reserved_first ? reserved : usable, reserved_first ? usable : reserved});
            CHECK(use_of(0x1f'ffff) == MemoryUse::ram);
            CHECK(use_of(0x20'0000) == MemoryUse::device);
            CHECK(use_of(0x20'1000) == MemoryUse::ram);
        }
    }
    SECTION("RAM counts in whole pages, the rest is device memory") {
        claim_all(memory, {{0x10'0800, 0x2000, 1}});
        CHECK(memory.region_at(PhysAddr(0)).range == range(0, 0x10'1000));
        CHECK(memory.region_at(PhysAddr(0x10'1000)).range == range(0x10'1000, 0x10'2000));
        CHECK(use_of(0x10'1000) == MemoryUse::ram);
        CHECK(use_of(0x10'2000) == MemoryUse::device);
    }
    SECTION("a page made of two usable entries is RAM") {
        claim_all(memory, {{0x10'0000, 0x800, 1}, {0x10'0800, 0x800, 1}});
        CHECK(memory.region_at(PhysAddr(0x10'0000)).range == range(0x10'0000, 0x10'1000));
        CHECK(use_of(0x10'0000) == MemoryUse::ram);
    }
    SECTION("RAM on both sides of the PCI hole is RAM") {
        claim_all(memory, {{0x10'0000, 0x7fef'0000, 1}, {0x1'0000'0000, 0x8000'0000, 1}});
        CHECK(memory.free_bytes() == 0x7fef'0000 + uint64_t{0x8000'0000});
    }
    SECTION("usable memory at 8 TiB and above is held") {
        const uint64_t limit = layout::ram_limit.raw();
        claim_all(memory, {{limit - mib, 2 * mib, 1}});
        CHECK(memory.region_at(PhysAddr(limit - mib)).range == range(limit - mib, limit));
        CHECK(use_of(limit - mib) == MemoryUse::ram);
        CHECK(use_of(limit) == MemoryUse::held);
        CHECK(use_of(limit + mib) == MemoryUse::device);
    }
    SECTION("usable memory over the last 16 bytes below 4 GiB loses that page") {
        claim_all(memory, {{0xffff'0000, 0x1'0000, 1}});
        CHECK(memory.region_at(PhysAddr(0xffff'0000)).range == range(0xffff'0000, 0xffff'f000));
        CHECK(memory.region_at(PhysAddr(0xffff'f000)).range == range(0xffff'f000, 0xffff'fff0));
    }
}

TEST_CASE("claims") {
    SmallMachine machine;
    BootMemory& memory = machine.memory;
    SECTION("that touch become one region, so that allocations in a row do not use up the list") {
        const size_t before = memory.regions().size();
        for (unsigned i = 0; i < 10 * BootMemory::max_regions; ++i)
            memory.allocate(4096, 4096);
        CHECK(memory.regions().size() <= before);
    }
    SECTION("to nothing are none") {
        const size_t before = memory.regions().size();
        for (unsigned i = 0; i < 2 * BootMemory::max_regions; ++i)
            memory.claim(range(0x50'0000 + i * 0x2000, 0x50'0000 + i * 0x2000), MemoryUse::held);
        CHECK(memory.regions().size() == before);
    }
    SECTION("of less weight change nothing") {
        memory.claim(range(0x10'0000, 64 * mib), MemoryUse::ram);
        memory.claim(range(0x10'0000, 0x40'0000), MemoryUse::device);
        CHECK(memory.region_at(PhysAddr(0x10'0000)).use == MemoryUse::held);
        CHECK(memory.region_at(PhysAddr(0x30'0000)).use == MemoryUse::module);
        CHECK(memory.region_at(PhysAddr(0x2f'1000)).use == MemoryUse::device);
    }
    SECTION("more than there is room for are refused") {
        const auto claim_some = [&] {
            for (unsigned i = 0; i < BootMemory::max_regions; ++i)
                memory.claim(range(0x50'0000 + i * 0x2000, 0x50'1000 + i * 0x2000), MemoryUse::held);
        };
        CHECK(test::complaint_of(claim_some) == "the memory map has too many entries");
        CHECK(memory.regions().size() == BootMemory::max_regions);
    }
    SECTION("reach to 2^47 and no further") {
        memory.claim(range(uint64_t{1} << 48, ~uint64_t{0}), MemoryUse::held);
        memory.claim(range((uint64_t{1} << 47) - 4096, ~uint64_t{0}), MemoryUse::held);
        CHECK(memory.region_at(PhysAddr((uint64_t{1} << 47) - 1)).use == MemoryUse::held);
        CHECK(memory.regions().back().range.end == BootMemory::end);
    }
}

TEST_CASE("boot allocations") {
    SmallMachine machine;
    BootMemory& memory = machine.memory;
    SECTION("take the lowest place and round up to pages") {
        CHECK(memory.allocate(1, 4096) == PhysAddr(0x2f'1000));
        CHECK(memory.allocate(0xe000, 4096) == PhysAddr(0x2f'2000));
        CHECK(memory.allocate(1, 4096) == PhysAddr(0x38'1000));
    }
    SECTION("keep the alignment") { CHECK(memory.allocate(0x1000, 2 * mib) == PhysAddr(4 * mib)); }
    SECTION("refuse what makes no sense") {
        CHECK_THROWS_AS(memory.allocate(0, 4096), KernelPanic);
        CHECK_THROWS_AS(memory.allocate(4096, 0), KernelPanic);
        CHECK_THROWS_AS(memory.allocate(4096, 0x3000), KernelPanic);
        for (uint64_t bytes : {64 * mib, ~uint64_t{0}, ~uint64_t{0} - 4095})
            CHECK(test::complaint_of([&] { memory.allocate(bytes, 4096); }) == "there is not enough memory");
        CHECK(test::complaint_of([&] { memory.allocate(4096, uint64_t{1} << 63); }) == "there is not enough memory");
    }
    SECTION("use up all RAM, to the last page") {
        uint64_t free = memory.free_bytes();
        for (; free != 0; free -= 4096)
            memory.allocate(4096, 4096);
        CHECK(memory.free_bytes() == 0);
        CHECK(test::complaint_of([&] { memory.allocate(4096, 4096); }) == "there is not enough memory");
    }
}

TEST_CASE("boot memory agrees with a model that looks at single addresses") {
    test::Random random("boot memory model");
    INFO("UMBRA_SEED=" << random.seed());
    for (unsigned round = 0; round < 300; ++round) {
        BootMemory memory;
        test::MemoryModel model;
        test::make_random_machine(random, memory, model);
        size_t wrong = 0;
        PhysAddr address;
        MemoryUse previous = MemoryUse::unreported;
        for (const MemoryRegion& region : memory.regions()) {
            wrong += region.range.start != address || region.range.is_empty() || region.use == previous;
            for (uint64_t probe : model.probes(region.range))
                wrong += model.use_of(probe) != region.use;
            previous = region.use;
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
        BootMemory memory;
        test::MemoryModel model;
        test::make_random_machine(random, memory, model);
        for (unsigned i = 0; i < 10; ++i) {
            const uint64_t bytes = 1 + random.of_any_size(22);
            const uint64_t alignment = uint64_t{4096} << random.below(12);
            const uint64_t free = memory.free_bytes();
            PhysAddr place;
            if (!test::complaint_of([&] { place = memory.allocate(bytes, alignment); }).empty()) {
                ++failures;
                continue;
            }
            ++successes;
            size_t wrong = !place.is_aligned_to(alignment);
            const uint64_t pages = align_up(bytes, 4096);
            for (uint64_t offset = 0; offset < pages; offset += 4096)
                wrong += model.use_of(place.raw() + offset) != MemoryUse::ram;
            model.held.push_back({place, place + pages});
            INFO("round " << round << " allocation " << i);
            CHECK(wrong == 0);
            CHECK(memory.free_bytes() == free - pages);
        }
    }
    CHECK(successes > 100);
    CHECK(failures > 10);
}

} // namespace
