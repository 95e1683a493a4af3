// SPDX-License-Identifier: BSD-2-Clause
// The driver on the host, under sanitizers: sys::host::Rig plays the kernel, and the test the device.
#include <catch.hpp>
#include <servers/sample-driver/service.hpp>
#include <servers/sample-driver/tests/conversation.hpp>
#include <sys/host/rig.hpp>

using namespace sample_driver;

namespace {

constexpr Word interrupt = 1; ///< bit 0 of the signal

struct World {
    sys::StaticTaskPool<Service::max_tasks> tasks;
    sys::Replies replies;
    Service service{replies};
    sys::host::Rig<Service> rig{service, replies};
    std::vector<std::pair<int, int>> written;
    World() {
        rig.write_port = [this](uint16_t port, uint8_t value) { written.emplace_back(port, value); };
    }
};

} // namespace

TEST_CASE("sample-driver: keeps what it promises its clients", "[sample-driver]") {
    World world;
    REQUIRE(world.service.start());
    converse(Client(world.rig.connect(1)), [](const char* what, bool holds) {
        INFO(what);
        CHECK(holds);
    });
}

TEST_CASE("sample-driver: sets the device to a hundred interrupts a second", "[sample-driver]") {
    World world;
    REQUIRE(world.service.start());
    CHECK(world.written == std::vector<std::pair<int, int>>{{0x43, 0x34}, {0x40, 11931 & 0xff}, {0x40, 11931 >> 8}});
}

TEST_CASE("sample-driver: a caller is answered when the interrupts have come", "[sample-driver]") {
    World world;
    REQUIRE(world.service.start());
    const size_t two = world.rig.post(world.rig.connect(1), Wait{2});
    const size_t one = world.rig.post(world.rig.connect(2), Wait{1});
    CHECK_FALSE(world.rig.answer_to<Wait>(one));
    world.rig.signal(interrupt);
    CHECK((*world.rig.answer_to<Wait>(one))->ticks == 1);
    CHECK_FALSE(world.rig.answer_to<Wait>(two));
    world.rig.signal(interrupt);
    CHECK((*world.rig.answer_to<Wait>(two))->ticks == 2);
    CHECK(world.tasks.in_use() == 0);
}

TEST_CASE("sample-driver: more callers than it can keep are told so, and the others are served", "[sample-driver]") {
    World world;
    REQUIRE(world.service.start());
    std::vector<size_t> calls;
    for (Word client = 1; client <= 10; ++client)
        calls.push_back(world.rig.post(world.rig.connect(client), Wait{1}));
    CHECK((*world.rig.answer_to<Wait>(calls.back())).error() == sys::ErrorCode::busy);
    world.rig.signal(interrupt);
    CHECK((*world.rig.answer_to<Wait>(calls.front()))->ticks == 1);
}
