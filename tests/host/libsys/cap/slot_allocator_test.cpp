// SPDX-License-Identifier: BSD-2-Clause
// The slot bitmap against a plain set, and its limits.
#include <catch.hpp>
#include <random>
#include <set>
#include <sys/cap/slot_allocator.hpp>

using namespace sys;

TEST_CASE("slot allocator: aligned ranges begin at multiples of their size", "[libsys][cap]") {
    StaticSlotAllocator<128> slots(10, 40); // 10 to 49
    CHECK(slots.allocate_aligned(3).error() == ErrorCode::invalid_value);
    CHECK(slots.allocate_aligned(0).error() == ErrorCode::invalid_value);
    CHECK(*slots.allocate_aligned(16) == 16);
    CHECK(*slots.allocate() == 10);
    CHECK(*slots.allocate_aligned(2) == 12);
    CHECK(*slots.allocate_aligned(16) == 32);
    CHECK(slots.allocate_aligned(16).error() == ErrorCode::out_of_slots);
    REQUIRE(slots.release(20));
    CHECK(slots.allocate_aligned(16).error() == ErrorCode::out_of_slots);
    CHECK(*slots.allocate_aligned(1) == 11);
    CHECK(slots.free_count() == 40 - 36 + 1);
}

TEST_CASE("slot allocator: more slots come behind the last one, as many as the storage has bits", "[libsys][cap]") {
    StaticSlotAllocator<64> slots(100, 2);
    REQUIRE((slots.allocate() && slots.allocate()));
    CHECK(slots.allocate().error() == ErrorCode::out_of_slots);
    slots.extend(30);
    CHECK(slots.free_count() == 30);
    CHECK(*slots.allocate() == 102);
    slots.extend(1000);
    CHECK(slots.end() == 164);
    CHECK(slots.free_count() == 61);
}

TEST_CASE("slot allocator: gives every slot once, then says that it is full", "[libsys][cap]") {
    StaticSlotAllocator<100> slots(16);
    CHECK(slots.free_count() == 100);
    std::set<Word> given;
    for (int i = 0; i < 100; ++i)
        given.insert(slots.allocate().value());
    CHECK(given.size() == 100);
    CHECK(*given.begin() == 16);
    CHECK(*given.rbegin() == 115);
    CHECK(slots.allocate().error() == ErrorCode::out_of_slots);
    REQUIRE(slots.release(50));
    CHECK(slots.allocate().value() == 50);
}

TEST_CASE("slot allocator: a slot is not released twice, nor one it does not manage", "[libsys][cap]") {
    StaticSlotAllocator<64> slots(16);
    CHECK(slots.release(16).error() == ErrorCode::invalid_value);
    REQUIRE(slots.allocate());
    REQUIRE(slots.release(16));
    CHECK(slots.release(16).error() == ErrorCode::invalid_value);
    CHECK(slots.release(15).error() == ErrorCode::invalid_value);
    CHECK(slots.release(80).error() == ErrorCode::invalid_value);
    CHECK(slots.free_count() == 64);
}

TEST_CASE("slot allocator: ranges are neighbours, and reserved slots are left out", "[libsys][cap]") {
    StaticSlotAllocator<256> slots(0);
    REQUIRE(slots.reserve(10));
    CHECK(slots.reserve(10).error() == ErrorCode::already_exists);
    CHECK(slots.reserve(256).error() == ErrorCode::out_of_range);
    CHECK(slots.allocate_range(11).value() == 11);
    CHECK(slots.allocate_range(10).value() == 0);
    CHECK(slots.allocate_range(200).value() == 22);
    CHECK(slots.allocate_range(200).error() == ErrorCode::out_of_slots);
    CHECK(slots.allocate_range(0).error() == ErrorCode::invalid_value);
}

TEST_CASE("slot allocator: agrees with a set under random use", "[libsys][cap]") {
    StaticSlotAllocator<200> slots(7);
    std::set<Word> taken;
    std::mt19937 random(2);
    for (int step = 0; step < 20000; ++step) {
        if (random() % 2 == 0) {
            const Word count = 1 + random() % 5;
            const auto first = slots.allocate_range(count);
            if (first)
                for (Word slot = *first; slot < *first + count; ++slot)
                    REQUIRE(taken.insert(slot).second);
            else
                REQUIRE(200 - taken.size() < 200u / 2 + count); // only a well-filled table is too fragmented
        } else if (!taken.empty()) {
            auto victim = taken.lower_bound(7 + random() % 200);
            if (victim == taken.end())
                victim = taken.begin();
            REQUIRE(slots.release(*victim));
            taken.erase(victim);
        }
        REQUIRE(slots.free_count() == 200 - taken.size());
    }
}
