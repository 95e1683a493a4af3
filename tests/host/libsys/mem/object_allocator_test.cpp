// SPDX-License-Identifier: BSD-2-Clause
// Objects and slots that grow from grants: everything is made where it is said to be, nothing is lost when a step fails.
#include <catch.hpp>
#include <libsys/simulated_kernel.hpp>
#include <random>
#include <set>
#include <sys/cap/cap.hpp>
#include <sys/cap/endpoint.hpp>
#include <sys/cap/notification.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/mem/object_allocator.hpp>

using namespace sys;

namespace {

constexpr unsigned leaf_bits = 6, wide_bits = 4;
constexpr Word first_slot = 32, first_count = 32, most_slots = Word{1} << (leaf_bits + wide_bits);
constexpr auto injected = abi::Error::range_error;

/// Counts steps that may fail, and fails one of them.
class Kernel : public SimulatedKernel {
public:
    void enter(const sys::host::Call& call, raw::Registers& registers, abi::IpcBuffer& buffer) override {
        if (call.info.label() == static_cast<Word>(abi::Invocation::untyped_retype) && is_failing()) {
            registers = {0, abi::MessageInfo(static_cast<Word>(injected), 0).raw()};
            return;
        }
        SimulatedKernel::enter(call, registers, buffer);
    }
    bool is_failing() { return ++steps == failing; }

    unsigned steps = 0;
    unsigned failing = 0; ///< 0: none
};

struct Source final : MemorySource {
    Result<void> get(unsigned bits, Word into) override {
        if (kernel.is_failing())
            return injected;
        const Word size = Word{1} << bits;
        if (size > limit - given)
            return ErrorCode::out_of_memory;
        REQUIRE(kernel.objects.count(into) == 0);
        kernel.add_untyped(into, bits);
        given += size;
        return {};
    }
    Result<void> widen() override {
        if (kernel.is_failing())
            return injected;
        ++widened;
        return {};
    }
    explicit Source(Kernel& at) : kernel(at) {}

    Kernel& kernel;
    Word limit = Word{1} << 20;
    Word given = 0;
    unsigned widened = 0;
};

struct Rig {
    Kernel kernel;
    Source source{kernel};
    StaticSlotAllocator<most_slots - first_slot> slots{first_slot, first_count};
    CSpace cspace{CNode(Word{2}), slots};
    uint16_t links[most_slots] = {};
    ObjectAllocator allocator{cspace, source, links, leaf_bits, wide_bits};
};

/// What a program might do first: objects of several sizes, and a slot for a capability.
Result<void> use(ObjectAllocator& allocator, std::vector<Made<Endpoint>>& endpoints, std::vector<Made<Tcb>>& threads,
                 std::vector<Slot>& slots) {
    while (endpoints.size() < 40)
        endpoints.push_back(TRY(allocator.make<Endpoint>()));
    while (threads.size() < 20)
        threads.push_back(TRY(allocator.make<Tcb>()));
    while (slots.size() < 40)
        slots.push_back(TRY(allocator.cspace().allocate()));
    return {};
}

} // namespace

TEST_CASE("object allocator: nothing is asked for before something is wanted", "[libsys][mem]") {
    Rig rig;
    CHECK(rig.source.given == 0);
    const auto endpoint = rig.allocator.make<Endpoint>();
    REQUIRE(endpoint);
    CHECK(rig.kernel.objects.at(endpoint->get().slot()).type == abi::ObjectType::endpoint);
    CHECK(rig.source.given == 1 << 16);
    CHECK(rig.allocator.given_bytes() == 1 << 16);
}

TEST_CASE("object allocator: an object that has gone leaves its memory to the next of its size", "[libsys][mem]") {
    Rig rig;
    std::vector<Made<Notification>> made;
    for (int i = 0; i < 300; ++i)
        made.push_back(rig.allocator.make<Notification>().take());
    const Word given = rig.source.given, free_slots = rig.slots.free_count();
    std::mt19937 random(5);
    for (int step = 0; step < 2000; ++step) {
        made.erase(made.begin() + static_cast<ptrdiff_t>(random() % made.size()));
        made.push_back(rig.allocator.make<Notification>().take());
    }
    CHECK(rig.source.given == given);
    CHECK(rig.slots.free_count() == free_slots);
    CHECK(rig.kernel.count(abi::ObjectType::notification) == 300);
    std::set<Word> places;
    for (const auto& notification : made)
        places.insert(notification.get().slot());
    CHECK(places.size() == 300);
    made.clear();
    CHECK(rig.kernel.count(abi::ObjectType::notification) == 0);
}

TEST_CASE("object allocator: copies of a capability go with its object", "[libsys][mem]") {
    Rig rig;
    auto endpoint = rig.allocator.make<Endpoint>();
    REQUIRE(endpoint);
    Made<Endpoint> moved = endpoint.take();
    Made<Endpoint> other;
    other = std::move(moved);
    CHECK(!moved);
    CHECK(rig.kernel.count(abi::ObjectType::endpoint) == 1);
    other = Made<Endpoint>();
    CHECK(rig.kernel.count(abi::ObjectType::endpoint) == 0);
}

TEST_CASE("object allocator: slots grow by CNodes, which are made in the CNode that there was", "[libsys][mem]") {
    Rig rig;
    std::vector<Slot> slots;
    std::set<Word> numbers;
    for (Word i = 0; i < most_slots; ++i) {
        auto slot = rig.cspace.allocate();
        if (!slot) {
            CHECK(slot.error() == ErrorCode::out_of_slots);
            break;
        }
        numbers.insert(slot->number());
        slots.push_back(slot.take());
    }
    CHECK(rig.source.widened == 1);
    CHECK(rig.kernel.count(abi::ObjectType::cnode) == (1 << wide_bits) - 1);
    CHECK(numbers.size() >= most_slots - first_slot - 2); // those of the grants are not ours
    CHECK(*numbers.rbegin() == most_slots - 1);
    const auto object = rig.allocator.make<Endpoint>();
    CHECK(object.error() == ErrorCode::out_of_slots);
    slots.clear();
    CHECK(rig.allocator.make<Endpoint>());
}

TEST_CASE("object allocator: a quota is used to its end, by smaller grants", "[libsys][mem]") {
    Rig rig;
    rig.source.limit = (64 + 16 + 16) << 10;
    std::vector<Made<Tcb>> threads;
    for (;;) {
        auto thread = rig.allocator.make<Tcb>();
        if (!thread) {
            CHECK(thread.error() == ErrorCode::out_of_memory);
            break;
        }
        threads.push_back(thread.take());
    }
    CHECK(rig.source.given == rig.source.limit);
    const Word leaf = Word{1} << (leaf_bits + abi::slot_bits);
    const Word leaves = rig.kernel.count(abi::ObjectType::cnode);
    CHECK(threads.size() >=
          (rig.source.limit - leaves * leaf) / 2048 - 8); // a batch of four, and what it is aligned to
    threads.pop_back();
    CHECK(rig.allocator.make<Tcb>());
}

TEST_CASE("object allocator: sizes that no object has are refused", "[libsys][mem]") {
    Rig rig;
    CHECK(rig.allocator.make<Untyped>(3).error() == ErrorCode::out_of_range);
    CHECK(rig.allocator.make<Untyped>(22).error() == ErrorCode::out_of_range);
    CHECK(rig.allocator.make<CNode>(40).error() == ErrorCode::out_of_range);
    CHECK(rig.source.given == 0);
}

TEST_CASE("object allocator: whichever step fails, the error is a value and the next try succeeds", "[libsys][mem]") {
    unsigned steps = 0;
    {
        Rig rig;
        std::vector<Made<Endpoint>> endpoints;
        std::vector<Made<Tcb>> threads;
        std::vector<Slot> slots;
        REQUIRE(use(rig.allocator, endpoints, threads, slots));
        steps = rig.kernel.steps;
    }
    REQUIRE(steps > 70);
    for (unsigned failing = 1; failing <= steps; ++failing) {
        Rig rig;
        rig.kernel.failing = failing;
        std::vector<Made<Endpoint>> endpoints;
        std::vector<Made<Tcb>> threads;
        std::vector<Slot> slots;
        const auto first = use(rig.allocator, endpoints, threads, slots);
        if (!first) { // a grant that is refused is asked for in a smaller size
            CHECK(first.error() == injected);
            REQUIRE(use(rig.allocator, endpoints, threads, slots));
        }
        std::set<Word> places;
        for (const auto& endpoint : endpoints)
            places.insert(endpoint.get().slot());
        for (const auto& thread : threads)
            places.insert(thread.get().slot());
        for (const auto& slot : slots) {
            places.insert(slot.number());
            REQUIRE(rig.kernel.objects.count(slot.number()) == 0);
        }
        REQUIRE(places.size() == 100);
        REQUIRE(rig.kernel.count(abi::ObjectType::endpoint) == 40);
        endpoints.clear();
        threads.clear();
        REQUIRE(rig.kernel.count(abi::ObjectType::endpoint) == 0);
        REQUIRE(rig.kernel.count(abi::ObjectType::tcb) == 0);
    }
}

TEST_CASE("object allocator: a source that has run dry fails for good, and nothing is lost", "[libsys][mem]") {
    for (Word limit = 0; limit <= 192 << 10; limit += 16 << 10) {
        Rig rig;
        rig.source.limit = limit;
        std::vector<Made<Endpoint>> endpoints;
        std::vector<Made<Tcb>> threads;
        std::vector<Slot> slots;
        const auto used = use(rig.allocator, endpoints, threads, slots);
        const size_t made = endpoints.size() + threads.size() + slots.size();
        if (used) {
            REQUIRE(made == 100);
            continue;
        }
        CHECK(used.error() == ErrorCode::out_of_memory);
        CHECK(made < 100);
        CHECK(use(rig.allocator, endpoints, threads, slots).error() == ErrorCode::out_of_memory);
        CHECK(endpoints.size() + threads.size() + slots.size() == made);
        rig.source.limit = 1 << 20;
        REQUIRE(use(rig.allocator, endpoints, threads, slots));
    }
}
