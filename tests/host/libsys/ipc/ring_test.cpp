// SPDX-License-Identifier: BSD-2-Clause
// Bytes through a ring, also one that the other side spoils.
#include <catch.hpp>
#include <random.hpp>
#include <sys/ipc/ring.hpp>
#include <vector>

using namespace sys;

namespace {

struct Memory {
    alignas(64) uint8_t bytes[128 + 64 + 10] = {}; ///< room for 64 bytes, and some that are no power of two
    RingMemory& ring() { return *reinterpret_cast<RingMemory*>(bytes); }
};
using Bytes = std::vector<uint8_t>;

} // namespace

TEST_CASE("ring: what is written is read, in order, whatever the pieces", "[libsys][ring]") {
    Memory memory;
    RingWriter writer = RingWriter::create(std::span(memory.bytes)).take();
    RingReader reader = RingReader::open(std::span(memory.bytes)).take();
    test::Random random("ring");
    uint8_t next_in = 0;
    uint8_t next_out = 0;
    for (int i = 0; i < 20000; ++i) {
        Bytes piece(random.below(70));
        for (size_t k = 0; k < piece.size(); ++k)
            piece[k] = static_cast<uint8_t>(next_in + k);
        if (writer.write(piece))
            next_in = static_cast<uint8_t>(next_in + piece.size());
        uint8_t out[50];
        const size_t size = *reader.read(std::span(out).first(random.below(51)));
        for (size_t k = 0; k < size; ++k)
            REQUIRE(out[k] == next_out++);
    }
}

TEST_CASE("ring: a full ring takes nothing, and an empty one gives nothing", "[libsys][ring]") {
    Memory memory;
    RingWriter writer = RingWriter::create(std::span(memory.bytes)).take();
    RingReader reader = RingReader::open(std::span(memory.bytes)).take();
    uint8_t out[80];
    CHECK(*reader.read(std::span(out)) == 0);
    CHECK(writer.write(Bytes(60, 1)));
    CHECK(writer.write(Bytes(5, 2)).error() == ErrorCode::busy);
    CHECK(writer.write(Bytes(4, 2)));
    CHECK(*reader.read(std::span(out)) == 64);
    CHECK(out[59] == 1);
    CHECK(out[63] == 2);
}

TEST_CASE("ring: counts that the other side has spoilt lead nowhere", "[libsys][ring]") {
    for (const uint64_t bad : {uint64_t{1} << 63, ~uint64_t{0} - 100, uint64_t{66}, uint64_t{1000}}) {
        Memory memory;
        RingWriter writer = RingWriter::create(std::span(memory.bytes)).take();
        RingReader reader = RingReader::open(std::span(memory.bytes)).take();
        CHECK(writer.write(Bytes(1, 7)));
        uint8_t out[200];
        memory.ring().written = bad;
        CHECK(reader.read(std::span(out)).error() == ErrorCode::bad_message);
        memory.ring().read = bad;
        CHECK(writer.write(Bytes(1, 7)).error() == ErrorCode::bad_message);
    }
}

TEST_CASE("ring: memory without room for one is refused", "[libsys][ring]") {
    alignas(64) uint8_t small[128];
    CHECK(RingWriter::create(std::span(small)).error() == ErrorCode::too_long);
    CHECK(RingReader::open(std::span(small)).error() == ErrorCode::too_long);
}
