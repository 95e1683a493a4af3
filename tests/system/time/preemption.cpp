// SPDX-License-Identifier: BSD-2-Clause
// Long operations of the kernel: they stop for what is more urgent, start again by themselves, and end.
#include <tests/system/time/clock.hpp>

using abi::Invocation;
using abi::ObjectType;
using test::above;
using test::Cap;
using test::invoke;
using test::now;
using test::own_cnode;
using test::sleep;
using test::Thread;
using test::Word;

namespace {

/// Both emulators count instructions as ticks, a thousand or a hundred a microsecond: so time is counted in ticks here.
constexpr Word period_ticks = 100'000;
/// The longest stretch without interrupts is a few thousand instructions; debug kernels check invariants besides.
constexpr Word most_late_ticks = 20'000;

Word period_us() { return test::microseconds(period_ticks); }

/// A thread that wants to run once a period, and notes by how much it was late.
struct Punctual {
    Word latest = 0;
    volatile unsigned turns = 0;
    void operator()() {
        Word due = now();
        for (;;) {
            test::yield(); // until the next refill
            const Word time = now();
            due += period_ticks;
            if (time > due) {
                latest = time - due > latest ? time - due : latest;
                due = time;
            }
            turns = turns + 1;
        }
    }
};

constexpr unsigned node_bits = 13;
constexpr Word node_slots = Word{1} << node_bits;

/// Fills a CNode with copies of one endpoint.
sys::Result<void> fill(sys::CNode node, sys::SlotRef source) {
    for (Word slot = 0; slot < node_slots; ++slot)
        TRY(node.at(slot, node_bits).copy_from(source));
    return {};
}

/// Runs an action below a thread that is due once a period.
template <class Action>
void check_latency(sys::Untyped memory, Action action, const test::Where& where) {
    Punctual punctual;
    Thread thread;
    REQUIRE_OK(
        thread.start(memory, punctual, {.priority = test::far_above, .budget = {{period_us() / 4}, {period_us()}}}));
    const Word start = now();
    const unsigned turns_before = punctual.turns;
    action();
    const Word periods = (now() - start) / period_ticks;
    test::check(periods >= 3, where); // long enough to be interrupted
    test::check(punctual.turns - turns_before + 1 >= periods, where);
    test::check(static_cast<volatile Word&>(punctual.latest) <= most_late_ticks, where);
}

} // namespace

SYSTEM_TEST("Revoke of thousands of capabilities lets a more urgent thread run in between") {
    REQUIRE_VALUE(memory, test::make_untyped(20));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, node_bits));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_OK(fill(node, endpoint.ref()));
    check_latency(memory, [&] { CHECK_OK(endpoint.ref().revoke()); }, TEST_WHERE("Revoke"));
    CHECK_OK(node->at(node_slots - 1, node_bits).copy_from(endpoint.ref()));
}

SYSTEM_TEST("Delete of a full CNode lets a more urgent thread run in between") {
    REQUIRE_VALUE(memory, test::make_untyped(20));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, node_bits));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_OK(fill(node, endpoint.ref()));
    check_latency(memory, [&] { CHECK_OK(test::space().at(node->slot()).remove()); }, TEST_WHERE("Delete"));
    CHECK(test::is_empty(node->slot()));
}

SYSTEM_TEST("Retype of megabytes lets a more urgent thread run in between, and all of it is zero") {
    REQUIRE_VALUE(memory, test::make_untyped(22));
    REQUIRE_VALUE(threads, test::make_untyped(16));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), threads, 1));
    check_latency(
        threads, [&] { CHECK_OK(memory->retype(ObjectType::frame_2m, 0, sys::SlotRef{node, 0, 0}, 0, 2)); },
        TEST_WHERE("Retype"));
    REQUIRE_VALUE(directory, sys::make_object<sys::PageDirectory>(test::space(), threads));
    constexpr Word at = Word{5} << 30;
    REQUIRE_OK(directory->map(test::own_space(), at));
    REQUIRE_PLACE(frame);
    for (Word i = 0; i < 2; ++i) {
        REQUIRE_OK(frame.ref().move_from(node->at(i, 1)));
        REQUIRE_OK(sys::Frame(frame.number()).map(test::own_space(), at, sys::PageAccess::read_only()));
        Word sum = 0;
        for (Word word = 0; word < (Word{1} << 18); ++word)
            sum |= reinterpret_cast<const Word*>(at)[word];
        CHECK_EQUAL(sum, 0);
        REQUIRE_OK(frame.ref().remove());
    }
}

SYSTEM_TEST(
    "a CNode half deleted is a zombie: it is neither invoked nor copied nor moved, and Delete goes on with it") {
    REQUIRE_VALUE(memory, test::make_untyped(20));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, node_bits));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_OK(fill(node, endpoint.ref()));
    const Word slot = node->slot();
    auto deletes = [&] { static_cast<void>(test::space().at(slot).remove()); };
    Thread deleter;
    REQUIRE_OK(deleter.start(memory, deletes, {.priority = above, .budget = {{400}, {100000}}}));
    CHECK(!deleter.is_done()); // its budget is over
    CHECK(!test::is_empty(slot));
    CHECK_ANSWER(invoke(slot, Invocation::cnode_revoke, {0, node_bits}), invalid_capability, 0);
    CHECK_ANSWER(invoke(slot, Word{99}), invalid_capability, 0);
    REQUIRE_PLACE(place);
    CHECK_REFUSED(place.ref().copy_from(test::space().at(slot)), abi::Error::illegal_operation);
    CHECK_REFUSED(place.ref().mint_from(test::space().at(slot), sys::Rights::all(), 0), abi::Error::illegal_operation);
    CHECK_ANSWER(invoke(test::own_tcb(), Invocation::tcb_set_timeout_endpoint, {}, {slot}), illegal_operation);
    REQUIRE_OK(test::space().at(slot).remove()); // the case does the rest
    CHECK(test::is_empty(slot));
    CHECK(!deleter.is_done());
    sleep(105000);
    CHECK(deleter.is_done()); // it finds an empty slot, and is content
}

SYSTEM_TEST("two threads revoke the same capabilities, an ancestor and a descendant, in turns: both end") {
    REQUIRE_VALUE(memory, test::make_untyped(20));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), memory, node_bits));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), endpoint.get(), sys::Rights::all(), sys::Badge{1}));
    REQUIRE_OK(fill(node, badged.ref()));
    const sys::SlotRef ancestor = endpoint.ref(), descendant = badged.ref();
    auto revokes_ancestor = [&] { static_cast<void>(ancestor.revoke()); };
    auto revokes_descendant = [&] { static_cast<void>(descendant.revoke()); };
    Thread first;
    Thread second;
    REQUIRE_OK(first.start(memory, revokes_ancestor, {.budget = {{300}, {300}}}));
    REQUIRE_OK(second.start(memory, revokes_descendant, {.budget = {{300}, {300}}}));
    REQUIRE(test::wait_until([&] { return first.is_done() && second.is_done(); }, 2000));
    CHECK(test::is_empty(badged->slot()));
    CHECK(!test::is_empty(endpoint->slot()));
}

SYSTEM_TEST("a Retype that is interrupted by another of the same untyped starts again behind it") {
    REQUIRE_VALUE(memory, test::make_untyped(22));
    REQUIRE_VALUE(threads, test::make_untyped(16));
    REQUIRE_PLACE(large);
    REQUIRE_PLACE(small);
    volatile Word label = ~Word{0};
    auto retypes = [&] {
        label = invoke(memory, Invocation::untyped_retype,
                       {static_cast<Word>(ObjectType::frame_2m), 0, 0, 0, large.number(), 1}, {own_cnode()})
                    .label;
    };
    Thread thread;
    REQUIRE_OK(thread.start(threads, retypes, {.priority = above, .budget = {{60}, {30000}, 0}}));
    CHECK_EQUAL(label, ~Word{0}); // in the middle of clearing
    REQUIRE_DONE(invoke(memory, Invocation::untyped_retype,
                        {static_cast<Word>(ObjectType::frame_4k), 0, 0, 0, small.number(), 1}, {own_cnode()}));
    REQUIRE_VALUE(view, test::View::of(sys::Frame(small.number())));
    for (unsigned i = 0; i < 512; ++i) {
        REQUIRE(CHECK_EQUAL(view.words()[i], 0));
        view.words()[i] = ~Word{0};
    }
    REQUIRE_OK(test::sched_control().configure(thread.context(), {{50000}, {50000}}));
    REQUIRE(test::wait_until([&] { return label == 0; }, 500));
    REQUIRE_VALUE(first, sys::Frame(small.number()).physical_address());
    REQUIRE_VALUE(second, sys::Frame(large.number()).physical_address());
    CHECK_EQUAL(second, (first | 0x1fffff) + 1); // the next 2 MiB
    for (unsigned i = 0; i < 512; ++i)
        REQUIRE(CHECK_EQUAL(view.words()[i], ~Word{0}));
}

SYSTEM_TEST("a Retype whose budget ends has made none of its objects or all, and in the end makes each once") {
    constexpr Word count = 256;
    constexpr unsigned bits = 8;
    REQUIRE_VALUE(threads, test::make_untyped(16));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), bits));
    REQUIRE_VALUE(memory, test::make_untyped(20));
    const auto is_made = [&](Word slot) { // a copy onto itself: the destination is looked at first
        return node->at(slot, bits).copy_from(node->at(slot, bits)).error() == abi::Error::delete_first;
    };
    for (Word budget_ticks = 60'000; budget_ticks < 260'000; budget_ticks += 20'000) {
        const Word budget = std::max<Word>(test::microseconds(budget_ticks), 100);
        volatile Word label = ~Word{0};
        auto retypes = [&] {
            label = invoke(memory, Invocation::untyped_retype, {static_cast<Word>(ObjectType::tcb), 0, 0, 0, 0, count},
                           {node})
                        .label;
        };
        Thread thread;
        REQUIRE_OK(thread.start(threads, retypes, {.priority = above, .budget = {{budget}, {budget * 10}, 0}}));
        const bool first_is_made = is_made(0);
        for (Word slot = 1; slot < count; ++slot)
            CHECK(is_made(slot) == first_is_made);
        REQUIRE(test::wait_until([&] { return label == 0; }, 500));
        for (Word slot = 0; slot < count; ++slot)
            CHECK(is_made(slot));
        // 512 KiB and not more: the untyped has room for as many again.
        REQUIRE_PLACE(rest);
        CHECK_OK(memory->retype_into(ObjectType::untyped, 19, own_cnode(), rest.number()));
        REQUIRE_OK(memory.ref().revoke());
    }
}

SYSTEM_TEST("Revoke of an untyped whose threads are running, waiting and ready ends all of them, in pieces") {
    constexpr unsigned count = 12;
    REQUIRE_VALUE(memory, test::make_untyped(18));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    volatile Word turns = 0;
    auto spins = [&] {
        for (;;)
            turns = turns + 1;
    };
    auto waits = [&] { endpoint->wait(); };
    Thread threads[count];
    for (unsigned i = 0; i < count; ++i) {
        const sys::Priority priority = i % 3 == 0 ? above : i % 3 == 1 ? test::base_priority : test::below;
        REQUIRE_OK(i % 3 == 0 ? threads[i].start(memory, waits, {.priority = priority})
                              : threads[i].start(memory, spins, {.priority = priority}));
    }
    sleep(12000);
    CHECK(turns > 0);
    REQUIRE_OK(memory.ref().revoke());
    const Word stopped = turns;
    sleep(12000);
    CHECK_EQUAL(turns, stopped);
    REQUIRE_VALUE(whole, test::make_untyped(18, memory));
}
