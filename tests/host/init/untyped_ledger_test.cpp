// SPDX-License-Identifier: BSD-2-Clause
// The books of what processes hold of untyped memory.
#include <catch.hpp>
#include <init/untyped_ledger.hpp>
#include <libsys/simulated_kernel.hpp>
#include <random>
#include <sys/protocol/process.hpp>

using init::UntypedLedger;
using sys::Word;
using sys::protocol::process::Error;

namespace {

constexpr Word memory_slot = 100;
constexpr unsigned memory_bits = 21;

struct Rig {
    Rig() { REQUIRE(allocator.add(sys::Untyped(memory_slot), memory_bits)); }
    SimulatedKernel kernel;
    bool has_memory = (kernel.add_untyped(memory_slot, memory_bits), true);
    sys::StaticSlotAllocator<512> slots{1000};
    sys::CSpace cspace{sys::CNode(Word{2}), slots};
    sys::UntypedTree::Node nodes[512];
    sys::UntypedTree tree{nodes};
    sys::UntypedAllocator allocator{cspace, tree};
};
constexpr Word all = Word{1} << memory_bits;

} // namespace

TEST_CASE("untyped ledger: a holder gets up to its limit, and is told what it has", "[init]") {
    Rig rig;
    UntypedLedger ledger(rig.allocator);
    CHECK(ledger.total_bytes() == all);
    ledger.open(3, 40 << 10);
    const auto first = ledger.give(3, 14);
    REQUIRE(first);
    CHECK(rig.kernel.objects.at(first->slot()).bits == 14);
    REQUIRE(ledger.give(3, 14));
    const auto more = ledger.give(3, 14);
    REQUIRE(!more);
    CHECK(more.error() == Error::quota_exceeded);
    CHECK(more.error().detail(0) == 32 << 10);
    CHECK(more.error().detail(1) == 40 << 10);
    CHECK(ledger.given(3) == 32 << 10);
    CHECK(ledger.free_bytes() == all - (32 << 10));
}

TEST_CASE("untyped ledger: sizes that nobody gets are refused", "[init]") {
    Rig rig;
    UntypedLedger ledger(rig.allocator);
    ledger.open(0, all);
    for (const unsigned bits : {0u, 4u, 13u, 22u, 63u, 64u, ~0u})
        CHECK(ledger.give(0, bits).error() == sys::ErrorCode::out_of_range);
    CHECK(ledger.given(0) == 0);
}

TEST_CASE("untyped ledger: when the machine has no more, that is another error", "[init]") {
    Rig rig;
    UntypedLedger ledger(rig.allocator);
    ledger.open(0, all);
    ledger.open(1, all);
    REQUIRE(ledger.give(0, 21));
    const auto more = ledger.give(1, 14);
    REQUIRE(!more);
    CHECK(more.error() == Error::out_of_memory);
    ledger.take_back(0);
    CHECK(ledger.give(1, 21));
}

TEST_CASE("untyped ledger: what is taken back is whole, with nothing made of it left", "[init][property]") {
    Rig rig;
    UntypedLedger ledger(rig.allocator);
    const Word free_slots = rig.slots.free_count();
    std::mt19937 random(11);
    for (unsigned holder = 0; holder < UntypedLedger::max_holders; ++holder)
        ledger.open(holder, 256 << 10);
    for (int step = 0; step < 1000; ++step) {
        const unsigned holder = random() % UntypedLedger::max_holders;
        if (random() % 4 == 0) {
            ledger.take_back(holder);
            CHECK(ledger.given(holder) == 0);
        } else if (const auto memory = ledger.give(holder, 14 + random() % 4)) {
            const Word slot = 5000 + static_cast<Word>(step); // of the holder's own CNode, let us say
            REQUIRE(memory->retype_into(abi::ObjectType::endpoint, 0, sys::CNode(Word{2}), slot));
        }
        Word given = 0;
        for (unsigned i = 0; i < UntypedLedger::max_holders; ++i)
            given += ledger.given(i);
        REQUIRE(given + ledger.free_bytes() == all);
    }
    for (unsigned holder = 0; holder < UntypedLedger::max_holders; ++holder)
        ledger.take_back(holder);
    CHECK(ledger.free_bytes() == all);
    CHECK(rig.slots.free_count() == free_slots);
    CHECK(rig.kernel.count(abi::ObjectType::endpoint) == 0);
    CHECK(rig.kernel.objects.size() == 1);
}

TEST_CASE("untyped ledger: a kernel that fails in the middle leaves the books right", "[init]") {
    for (unsigned failing = 1; failing <= 7; ++failing) {
        Rig rig;
        UntypedLedger ledger(rig.allocator);
        ledger.open(0, all);
        rig.kernel.fail_retype_after(failing);
        CHECK(ledger.give(0, 14).error() == Error::out_of_memory);
        CHECK(ledger.given(0) == 0);
        CHECK(ledger.free_bytes() == all);
        CHECK(rig.kernel.objects.size() == 1);
    }
}
