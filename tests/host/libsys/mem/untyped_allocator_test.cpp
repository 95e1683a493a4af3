// SPDX-License-Identifier: BSD-2-Clause
// The buddy allocator over untyped capabilities: splits as little as needed, joins everything, survives failures.
#include <catch.hpp>
#include <libsys/simulated_kernel.hpp>
#include <random>
#include <sys/mem/untyped_allocator.hpp>

using namespace sys;

namespace {

struct Rig {
    explicit Rig(unsigned bits = 20) {
        kernel.add_untyped(100, bits);
        REQUIRE(allocator.add(Untyped(Word{100}), bits));
    }
    SimulatedKernel kernel;
    StaticSlotAllocator<256> slots{1000};
    CSpace cspace{CNode(Word{2}), slots};
    UntypedTree::Node nodes[128];
    UntypedTree tree{nodes};
    UntypedAllocator allocator{cspace, tree};
};

} // namespace

TEST_CASE("untyped allocator: a block has the size asked for, and comes back whole", "[libsys][mem]") {
    Rig rig;
    {
        const auto block = rig.allocator.allocate(12);
        REQUIRE(block);
        CHECK(block->bits() == 12);
        CHECK(rig.kernel.objects.at(block->get().slot()).bits == 12);
        CHECK(rig.allocator.free_bytes() == (1u << 20) - (1u << 12));
        CHECK(rig.slots.free_count() == 256 - 16);
    }
    CHECK(rig.allocator.free_bytes() == 1u << 20);
    CHECK(rig.slots.free_count() == 256);
    CHECK(rig.kernel.objects.size() == 1);
}

TEST_CASE("untyped allocator: the smallest block that fits is taken", "[libsys][mem]") {
    Rig rig;
    const auto first = rig.allocator.allocate(12);
    const Word free_slots = rig.slots.free_count();
    const auto second = rig.allocator.allocate(12); // the other half of the last split
    REQUIRE(second);
    CHECK(rig.slots.free_count() == free_slots);
    const auto third = rig.allocator.allocate(19); // the other half of the first split
    REQUIRE(third);
    CHECK(rig.slots.free_count() == free_slots);
}

TEST_CASE("untyped allocator: out of memory is an error that names the size", "[libsys][mem]") {
    Rig rig(14);
    const auto too_much = rig.allocator.allocate(15);
    REQUIRE_FALSE(too_much);
    CHECK(too_much.error() == ErrorCode::out_of_memory);
    CHECK(too_much.error().detail(0) == 1u << 15);
    CHECK(rig.allocator.allocate(3).error() == ErrorCode::out_of_range);
    const auto all = rig.allocator.allocate(14);
    REQUIRE(all);
    CHECK(rig.allocator.allocate(4).error() == ErrorCode::out_of_memory);
}

TEST_CASE("untyped allocator: a refused split leaves everything as it was", "[libsys][mem]") {
    for (unsigned failing = 1; failing <= 8; ++failing) {
        Rig rig;
        rig.kernel.fail_retype_after(failing);
        const auto block = rig.allocator.allocate(12);
        REQUIRE_FALSE(block);
        CHECK(block.error() == abi::Error::not_enough_memory);
        CHECK(rig.allocator.free_bytes() == 1u << 20);
        CHECK(rig.slots.free_count() == 256);
        CHECK(rig.kernel.objects.size() == 1);
    }
}

TEST_CASE("untyped allocator: nothing overlaps or is lost under random use", "[libsys][mem]") {
    Rig rig;
    std::vector<UntypedBlock> blocks;
    std::mt19937 random(3);
    for (int step = 0; step < 2000; ++step) {
        if (random() % 2 == 0 && blocks.size() < 40) {
            auto block = rig.allocator.allocate(8 + random() % 8);
            if (block)
                blocks.push_back(block.take());
        } else if (!blocks.empty()) {
            blocks.erase(blocks.begin() + static_cast<ptrdiff_t>(random() % blocks.size()));
        }
        Word taken = 0;
        for (const UntypedBlock& block : blocks)
            taken += Word{1} << block.bits();
        REQUIRE(rig.allocator.free_bytes() + taken == 1u << 20);
    }
    blocks.clear();
    CHECK(rig.allocator.free_bytes() == 1u << 20);
    CHECK(rig.slots.free_count() == 256);
    CHECK(rig.kernel.objects.size() == 1);
}
