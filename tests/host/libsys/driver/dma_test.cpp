// SPDX-License-Identifier: BSD-2-Clause
// Buffers for devices: where they lie, how large they are, and that they come back.
#include <catch.hpp>
#include <random>
#include <sys/driver/dma.hpp>
#include <sys/driver/registers.hpp>
#include <vector>

using namespace sys;

namespace {

constexpr Word physical = 0x1234'5000;
constexpr size_t page = 4096;

struct Rig {
    alignas(4096) uint8_t memory[4 * page];
    DmaPool pool{DmaMemory{memory, physical}};
};

} // namespace

TEST_CASE("DMA: a buffer is zero, and its two addresses are of the same byte", "[libsys][driver]") {
    Rig rig;
    memset(rig.memory, 0xaa, sizeof(rig.memory));
    auto small = rig.pool.allocate(10), large = rig.pool.allocate(5000);
    REQUIRE((small && large));
    CHECK(small->bytes().size() == 10);
    CHECK(large->bytes().size() == 5000);
    for (const DmaBuffer* buffer : {&*small, &*large}) {
        CHECK(std::all_of(buffer->bytes().begin(), buffer->bytes().end(), [](uint8_t byte) { return byte == 0; }));
        CHECK(buffer->physical() - physical == static_cast<Word>(buffer->bytes().data() - rig.memory));
    }
    CHECK(rig.memory[sizeof(rig.memory) - 1] == 0xaa); // nothing else was touched
    CHECK(large->physical() % 8192 == 0);
}

TEST_CASE("DMA: sizes that no pool has are refused", "[libsys][driver]") {
    Rig rig;
    CHECK(rig.pool.allocate(0).error() == ErrorCode::invalid_value);
    CHECK(rig.pool.allocate(DmaPool::max_bytes + 1).error() == ErrorCode::too_long);
    CHECK(rig.pool.allocate(~size_t{0}).error() == ErrorCode::too_long);
    const auto more = rig.pool.allocate(DmaPool::max_bytes);
    CHECK(more.error() == ErrorCode::out_of_memory);
    CHECK(more.error().detail(0) == DmaPool::max_bytes);
    CHECK(rig.pool.free_bytes() == sizeof(rig.memory));
}

TEST_CASE("DMA: a buffer that was moved is given back once", "[libsys][driver]") {
    Rig rig;
    {
        DmaBuffer first = rig.pool.allocate(100).take();
        DmaBuffer second = rig.pool.allocate(200).take();
        CHECK(rig.pool.free_bytes() == sizeof(rig.memory) - 128 - 256);
        second = std::move(first);
        CHECK(!first);
        CHECK(rig.pool.free_bytes() == sizeof(rig.memory) - 128);
        DmaBuffer third = std::move(second);
        CHECK(third.bytes().size() == 100);
    }
    CHECK(rig.pool.free_bytes() == sizeof(rig.memory));
}

TEST_CASE("DMA: buffers never overlap, and lie at multiples of their size", "[libsys][driver][property]") {
    Rig rig;
    std::mt19937 random(9);
    std::vector<DmaBuffer> buffers;
    for (int step = 0; step < 3000; ++step) {
        if (random() % 3 != 0) {
            if (auto buffer = rig.pool.allocate(1 + random() % 3000)) {
                const Word rounded = std::max<Word>(64, std::bit_ceil(buffer->bytes().size()));
                REQUIRE(buffer->physical() % rounded == 0);
                REQUIRE(buffer->physical() >= physical);
                REQUIRE(buffer->physical() + rounded <= physical + sizeof(rig.memory));
                for (const DmaBuffer& other : buffers)
                    REQUIRE((buffer->physical() >= other.physical() + other.bytes().size() ||
                             other.physical() >= buffer->physical() + buffer->bytes().size()));
                buffers.push_back(buffer.take());
            }
        } else if (!buffers.empty()) {
            buffers.erase(buffers.begin() + static_cast<ptrdiff_t>(random() % buffers.size()));
        }
    }
    buffers.clear();
    CHECK(rig.pool.free_bytes() == sizeof(rig.memory));
}

TEST_CASE("device registers: values go to their offset, whole", "[libsys][driver]") {
    alignas(8) uint8_t device[16] = {};
    const DeviceRegisters registers(device, sizeof(device));
    registers.write<uint32_t>(4, 0x8765'4321);
    registers.write<uint8_t>(15, 0xee);
    CHECK(device[4] == 0x21);
    CHECK(registers.read<uint16_t>(6) == 0x8765);
    CHECK(registers.read<uint64_t>(8) == 0xee00'0000'0000'0000);
    CHECK(registers.size() == 16);
}
