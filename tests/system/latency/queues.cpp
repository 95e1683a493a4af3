// SPDX-License-Identifier: BSD-2-Clause
// Queues of many threads and contexts: what ends a wait, and what comes due at once.
#include <tests/system/latency/stretch.hpp>
#include <tests/system/lib/snippets.hpp>
#include <tests/system/lib/thread.hpp>

using abi::ObjectType;
using abi::Syscall;
using test::Place;
using test::Word;

namespace {

constexpr unsigned count_bits = 11;
constexpr Word count = Word{1} << count_bits;

/// Many threads that each make one system call, one after the other on the same scheduling context. None has a stack.
struct Crowd {
    test::Cap<sys::Untyped> memory, objects;
    test::Cap<sys::CNode> node;
    test::Cap<sys::SchedContext> context;
    Place place;

    sys::Result<void> make() {
        memory = TRY(test::take_ram(count_bits + 13));
        objects = TRY(test::make_untyped(18, memory));
        node = TRY(sys::make_object<sys::CNode>(test::space(), objects, count_bits));
        context = TRY(sys::make_object<sys::SchedContext>(test::space(), objects, 8));
        TRY(test::sched_control().configure(context, {{5000}, {5000}}));
        new (&place) Place(TRY(Place::take()));
        for (Word first = 0; first < count; first += 256)
            TRY(memory->retype(ObjectType::tcb, 0, sys::SlotRef{node, 0, 0}, first, 256));
        return {};
    }
    sys::SlotRef slot(Word which) const { return node->at(which, count_bits); }
    /// Does something with a thread while its capability is where the root task can invoke it.
    template <class Action>
    sys::Result<void> with(Word which, Action action) {
        TRY(place.ref().move_from(slot(which)));
        const auto done = action(sys::Tcb(place.number()));
        TRY(slot(which).move_from(place.ref()));
        return done;
    }
    sys::Result<void> start(sys::Tcb thread, Syscall number, Word target, Word info, sys::SchedContext context) const {
        TRY(thread.configure(test::own_cnode(), 0, test::own_space(), 0, {}));
        TRY(thread.set_sched_params(test::own_tcb(), sys::Priority{255}, test::above, context, {}));
        sys::UserRegisters registers;
        registers[abi::UserRegister::rip] = reinterpret_cast<Word>(snippet_syscall);
        registers[abi::UserRegister::rdx] = static_cast<Word>(number);
        registers[abi::UserRegister::rdi] = target;
        registers[abi::UserRegister::rsi] = info;
        return thread.write_registers(registers, abi::user_register_count, true);
    }
    /// All of them wait.
    sys::Result<void> wait_in(Syscall number, Word target, Word info) {
        for (Word i = 0; i < count; ++i) {
            TRY(with(i, [&](sys::Tcb thread) { return start(thread, number, target, info, context); }));
            TRY(context->unbind());
        }
        return {};
    }
};

} // namespace

SYSTEM_TEST("two thousand badged senders are cancelled, and two thousand others are not") {
    Crowd crowd;
    REQUIRE_OK(crowd.make());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), crowd.objects));
    REQUIRE_VALUE(badged, sys::mint_cap(test::space(), endpoint.get(), sys::Rights::all(), sys::Badge{1}));
    REQUIRE_VALUE(other, sys::mint_cap(test::space(), endpoint.get(), sys::Rights::all(), sys::Badge{2}));
    REQUIRE_OK(crowd.wait_in(Syscall::send, badged->slot(), 0));
    CHECK_STRETCH(CHECK_OK(other.ref().cancel_badged_sends()));
    CHECK_STRETCH(CHECK_OK(badged.ref().cancel_badged_sends()));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), crowd.objects));
    CHECK_EQUAL(endpoint->receive_if_there(reply).badge.value, 0);
}

SYSTEM_TEST("an endpoint on which two thousand threads wait is deleted") {
    Crowd crowd;
    REQUIRE_OK(crowd.make());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), crowd.objects));
    REQUIRE_OK(crowd.wait_in(Syscall::send, endpoint->slot(), 0));
    CHECK_STRETCH(CHECK_OK(endpoint.ref().remove()));
    CHECK_STRETCH(CHECK_OK(crowd.memory.ref().revoke()));
}

SYSTEM_TEST("a notification on which two thousand threads wait is deleted") {
    Crowd crowd;
    REQUIRE_OK(crowd.make());
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), crowd.objects));
    REQUIRE_OK(crowd.wait_in(Syscall::wait, notification->slot(), 0));
    CHECK_STRETCH(CHECK_OK(notification.ref().remove()));
}

SYSTEM_TEST("threads that wait are deleted with their memory") {
    Crowd crowd;
    REQUIRE_OK(crowd.make());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_OK(crowd.wait_in(Syscall::send, endpoint->slot(), 0));
    CHECK_STRETCH(CHECK_OK(crowd.memory.ref().revoke()));
}

SYSTEM_TEST("two thousand contexts wait for their next budget, and get it") {
    constexpr sys::Microseconds period{50'000}; // long enough that all wait at once
    Crowd crowd;
    REQUIRE_OK(crowd.make());
    REQUIRE_VALUE(contexts, sys::make_object<sys::CNode>(test::space(), crowd.objects, count_bits));
    REQUIRE_VALUE(memory, test::make_untyped(count_bits + 8, crowd.memory));
    for (Word first = 0; first < count; first += 256)
        REQUIRE_OK(memory->retype(ObjectType::sched_context, 8, sys::SlotRef{contexts, 0, 0}, first, 256));
    REQUIRE_PLACE(context);
    test::take_longest_stretch();
    for (Word i = 0; i < count; ++i) {
        REQUIRE_OK(context.ref().move_from(contexts->at(i, count_bits)));
        const sys::SchedContext budget(context.number());
        REQUIRE_OK(test::sched_control().configure(budget, {{1000}, period}));
        REQUIRE_OK(crowd.with(i, [&](sys::Tcb thread) { return crowd.start(thread, Syscall::yield, 0, 0, budget); }));
        REQUIRE_OK(contexts->at(i, count_bits).move_from(context.ref()));
    }
    const Word start = test::now();
    while (test::now() - start < test::milliseconds(2 * period.count / 1000)) {
    }
    // Each has come back from its system call, and faulted, as nobody handles what follows it.
    for (Word i = 0; i < count; ++i)
        REQUIRE_OK(crowd.with(i, [&](sys::Tcb thread) -> sys::Result<void> {
            CHECK_EQUAL(TRY(thread.read_registers(false))[abi::UserRegister::rip],
                        reinterpret_cast<Word>(snippet_syscall) + 2);
            return {};
        }));
    test::check_longest_stretch(TEST_WHERE("two thousand contexts"));
}
