// SPDX-License-Identifier: BSD-2-Clause
// The heap: blocks do not overlap, keep their content, come back whole; misuse stops the program.
#include <catch.hpp>
#include <cstring>
#include <map>
#include <random>
#include <sys/mem/heap.hpp>
#include <sys/raw/syscall.hpp>
#include <vector>

using namespace sys;

namespace {
struct Arena {
    explicit Arena(size_t size) : bytes(size) {}
    std::vector<uint8_t> bytes;
};
} // namespace

TEST_CASE("heap: without memory there is nothing to have", "[libsys][mem]") {
    Heap heap;
    CHECK(heap.allocate(1) == nullptr);
    uint8_t tiny[24];
    heap.give(tiny);
    CHECK(heap.allocate(1) == nullptr);
    CHECK(heap.free_bytes() == 0);
}

TEST_CASE("heap: everything released is one piece again", "[libsys][mem]") {
    Arena arena(4096);
    Heap heap;
    heap.give(arena.bytes);
    const size_t all = heap.free_bytes();
    void* const a = heap.allocate(100);
    void* const b = heap.allocate(200);
    void* const c = heap.allocate(300);
    REQUIRE((a != nullptr && b != nullptr && c != nullptr));
    heap.release(b);
    heap.release(a);
    heap.release(c);
    CHECK(heap.free_bytes() == all);
    void* const whole = heap.allocate(all - 16);
    CHECK(whole != nullptr);
    CHECK(heap.free_bytes() == 0);
}

TEST_CASE("heap: too much is refused and changes nothing", "[libsys][mem]") {
    Arena arena(4096);
    Heap heap;
    heap.give(arena.bytes);
    const size_t all = heap.free_bytes();
    CHECK(heap.allocate(all) == nullptr);
    CHECK(heap.allocate(SIZE_MAX) == nullptr);
    CHECK(heap.allocate(SIZE_MAX - 15) == nullptr);
    CHECK(heap.allocate_aligned(16, size_t{1} << 63) == nullptr);
    CHECK(heap.free_bytes() == all);
}

TEST_CASE("heap: releasing twice, or what was never given out, stops the program", "[libsys][mem]") {
    Arena arena(4096);
    Heap heap;
    heap.give(arena.bytes);
    void* const block = heap.allocate(64);
    heap.release(block);
    CHECK_THROWS_AS(heap.release(block), host::Trapped);
    CHECK_THROWS_AS(heap.release(arena.bytes.data() + 512), host::Trapped);
    heap.release(nullptr);
}

TEST_CASE("heap: blocks are aligned, apart and keep their content under random use", "[libsys][mem]") {
    Arena first(32768);
    Arena second(16384);
    Heap heap;
    heap.give(first.bytes);
    heap.give(second.bytes);
    const size_t all = heap.free_bytes();
    std::map<uint8_t*, std::pair<size_t, uint8_t>> blocks;
    std::mt19937 random(1);
    unsigned refused = 0;
    for (int step = 0; step < 20000; ++step) {
        if (random() % 5 < 3) {
            const size_t size = random() % 600;
            const size_t alignment = size_t{1} << (random() % 9);
            auto* const block = static_cast<uint8_t*>(heap.allocate_aligned(size, alignment));
            if (block == nullptr) {
                ++refused;
                continue;
            }
            REQUIRE(reinterpret_cast<uintptr_t>(block) % alignment == 0);
            REQUIRE(reinterpret_cast<uintptr_t>(block) % 16 == 0);
            const auto fill = static_cast<uint8_t>(random());
            std::memset(block, fill, size);
            blocks[block] = {size, fill};
        } else if (!blocks.empty()) {
            auto victim = std::next(blocks.begin(), static_cast<ptrdiff_t>(random() % blocks.size()));
            for (size_t i = 0; i < victim->second.first; ++i)
                REQUIRE(victim->first[i] == victim->second.second);
            heap.release(victim->first);
            blocks.erase(victim);
        }
    }
    CHECK(refused > 0); // it was full at times
    for (const auto& [block, what] : blocks)
        heap.release(block);
    CHECK(heap.free_bytes() == all);
}
