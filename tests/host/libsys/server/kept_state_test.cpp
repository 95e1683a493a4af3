// SPDX-License-Identifier: BSD-2-Clause
// State that outlives its process: whole wherever that dies, and of no other version.
#include <catch.hpp>
#include <cstring>
#include <sys/server/kept_state.hpp>
#include <vector>

using namespace sys;

namespace {

struct Table {
    uint64_t numbers[8];
};
using Kept = KeptState<Table>;

struct Memory {
    alignas(8) uint8_t bytes[Kept::bytes_needed] = {};
    Kept open(uint64_t version = 1) { return Kept::open(std::span(bytes), version).take(); }
};

} // namespace

TEST_CASE("kept state: the next process finds what was committed last", "[libsys][server]") {
    Memory memory;
    {
        Kept state = memory.open();
        CHECK_FALSE(state.is_inherited());
        CHECK(state.get().numbers[3] == 0);
        state.commit([](Table& table) { table.numbers[3] = 7; });
        state.commit([](Table& table) { table.numbers[4] = table.numbers[3] + 1; });
    }
    const Kept state = memory.open();
    CHECK(state.is_inherited());
    CHECK(state.get().numbers[3] == 7);
    CHECK(state.get().numbers[4] == 8);
}

TEST_CASE("kept state: a process that dies inside a commit leaves the state before it", "[libsys][server]") {
    Memory memory;
    Kept state = memory.open();
    state.commit([](Table& table) { table.numbers[0] = 1; });
    Memory during;
    state.commit([&](Table& table) {
        for (uint64_t& number : table.numbers)
            number = 99;
        std::memcpy(during.bytes, memory.bytes, sizeof memory.bytes); // as memory is when it dies here
    });
    CHECK(during.open().get().numbers[0] == 1);
    CHECK(memory.open().get().numbers[0] == 99);
}

TEST_CASE("kept state: whichever byte is damaged, no half-written state is taken over", "[libsys][server]") {
    Memory memory;
    Kept state = memory.open();
    for (uint64_t value = 1; value <= 3; ++value)
        state.commit([&](Table& table) {
            for (uint64_t& number : table.numbers)
                number = value;
        });
    for (size_t damaged = 0; damaged < sizeof memory.bytes; ++damaged) {
        Memory copy = memory;
        copy.bytes[damaged] ^= 0x55;
        const Kept found = copy.open();
        const uint64_t first = found.get().numbers[0];
        CHECK((first == 2 || first == 3));
        for (const uint64_t number : found.get().numbers)
            CHECK(number == first);
    }
}

TEST_CASE("kept state: what another version has left is not taken over", "[libsys][server]") {
    Memory memory;
    memory.open(1).commit([](Table& table) { table.numbers[0] = 5; });
    const Kept other = memory.open(2);
    CHECK_FALSE(other.is_inherited());
    CHECK(other.get().numbers[0] == 0);
}

TEST_CASE("kept state: too little memory is an error", "[libsys][server]") {
    alignas(8) uint8_t small[Kept::bytes_needed - 1];
    CHECK(Kept::open(std::span(small), 1).error() == ErrorCode::too_long);
}
