// SPDX-License-Identifier: BSD-2-Clause
// Priorities, their limits and SetSchedParams: what is refused, and what a change brings about.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using sys::Priority;
using test::above;
using test::AnyCap;
using test::Cap;
using test::far_above;
using test::invoke;
using test::own_tcb;
using test::Thread;
using test::Word;

namespace {

constexpr Word too_high_for_anybody[] = {256, 257, 0x1'0000'0005, Word{1} << 63, ~Word{0}};

sys::Result<Cap<sys::Tcb>> make_tcb() { return sys::make_object<sys::Tcb>(test::space(), test::arena()); }

sys::Result<Cap<sys::SchedContext>> make_context(Word budget = 5000, Word period = 5000) {
    auto context = TRY(sys::make_object<sys::SchedContext>(test::space(), test::arena(), 8));
    TRY(test::sched_control().configure(context, {{budget}, {period}}));
    return context;
}

} // namespace

SYSTEM_TEST("SetPriority, SetMCPriority: up to the authority's MCP; above it out of range 0 to that") {
    REQUIRE_VALUE(tcb, make_tcb());
    REQUIRE_VALUE(authority, make_tcb());
    for (const Word limit : {Word{0}, Word{1}, Word{100}, Word{254}, Word{255}}) {
        REQUIRE_DONE(invoke(authority, Invocation::tcb_set_mc_priority, {limit}, {own_tcb()}));
        for (const Invocation method : {Invocation::tcb_set_priority, Invocation::tcb_set_mc_priority}) {
            CHECK_DONE(invoke(tcb, method, {limit}, {authority}));
            CHECK_DONE(invoke(tcb, method, {0}, {authority}));
            if (limit < 255)
                CHECK_ANSWER(invoke(tcb, method, {limit + 1}, {authority}), range_error, 0, limit);
            for (const Word wrong : too_high_for_anybody)
                CHECK_ANSWER(invoke(tcb, method, {wrong}, {authority}), range_error, 0, limit);
        }
    }
}

SYSTEM_TEST("a thread's own MCP does not limit its priority, and a new thread's are both 0") {
    REQUIRE_VALUE(tcb, make_tcb());
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_priority, {1}, {tcb}), range_error, 0, 0);
    CHECK_DONE(invoke(tcb, Invocation::tcb_set_priority, {200}, {own_tcb()})); // MCP is 0 still
    CHECK_DONE(invoke(tcb, Invocation::tcb_set_priority, {0}, {tcb}));
    CHECK_DONE(invoke(tcb, Invocation::tcb_set_mc_priority, {50}, {own_tcb()}));
    CHECK_DONE(invoke(tcb, Invocation::tcb_set_mc_priority, {49}, {tcb})); // a thread may lower its limit
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_mc_priority, {50}, {tcb}), range_error, 0, 49); // for good
}

SYSTEM_TEST("lowering one's own priority lets a waiting thread run at once; raising another's, too") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    volatile Word runs = 0;
    auto body = [&] { runs = runs + 1; };
    Thread first;
    Thread second;
    REQUIRE_OK(first.start(memory, body, {.priority = test::below}));
    REQUIRE_OK(second.start(memory, body, {.priority = test::below}));
    CHECK_EQUAL(runs, 0);
    REQUIRE_OK(first.tcb().set_priority(own_tcb(), above));
    CHECK_EQUAL(runs, 1);
    REQUIRE_OK(own_tcb().set_priority(own_tcb(), Priority{test::below.value - 1}));
    CHECK_EQUAL(runs, 2);
    REQUIRE_OK(own_tcb().set_priority(own_tcb(), test::base_priority));
}

SYSTEM_TEST("SetSchedParams: authority, limits, context and handler are checked in this order") {
    REQUIRE_VALUE(tcb, make_tcb());
    REQUIRE_VALUE(context, make_context());
    REQUIRE_VALUE(authority, make_tcb());
    REQUIRE_OK(authority->set_max_controlled_priority(own_tcb(), Priority{50}));
    const AnyCap wrong = context.get(); // no TCB, no endpoint
    const auto set = [&](Word mcp, Word priority, AnyCap who, AnyCap which, AnyCap handler) {
        return invoke(tcb, Invocation::tcb_set_sched_params, {mcp, priority}, {who, which, handler});
    };
    CHECK_ANSWER(set(51, 51, wrong, authority, wrong), invalid_capability, 1);
    CHECK_ANSWER(set(51, 0, authority, authority, wrong), range_error, 0, 50);
    CHECK_ANSWER(set(0, 51, authority, authority, wrong), range_error, 0, 50);
    CHECK_ANSWER(set(50, 50, authority, authority, wrong), invalid_capability, 2);
    CHECK_ANSWER(set(50, 50, authority, context, wrong), invalid_capability, 3);
    for (const Word value : too_high_for_anybody) {
        CHECK_ANSWER(set(value, 0, own_tcb(), context, Word{0}), range_error, 0, 255);
        CHECK_ANSWER(set(0, value, own_tcb(), context, Word{0}), range_error, 0, 255);
    }
    CHECK_OK(context->bind(tcb)); // a refusal has bound nothing
    CHECK_OK(context->unbind());
    CHECK_DONE(set(50, 50, authority, context, Word{0}));
    CHECK_REFUSED(context->bind(authority), abi::Error::illegal_operation); // success has
}

SYSTEM_TEST("SetSchedParams: a context bound elsewhere, or a thread that has another, is an illegal operation") {
    REQUIRE_VALUE(first, make_tcb());
    REQUIRE_VALUE(second, make_tcb());
    REQUIRE_VALUE(context, make_context());
    REQUIRE_VALUE(other, make_context());
    const auto set = [](sys::Tcb tcb, AnyCap which) {
        return invoke(tcb, Invocation::tcb_set_sched_params, {0, 0}, {own_tcb(), which, Word{0}});
    };
    CHECK_DONE(set(first, context));
    CHECK_DONE(set(first, context)); // the one it has already
    CHECK_ANSWER(set(second, context), illegal_operation);
    CHECK_ANSWER(set(first, other), illegal_operation);
    CHECK_DONE(set(first, Word{0})); // null unbinds
    CHECK_DONE(set(second, context));
    CHECK_DONE(set(first, other));
}

SYSTEM_TEST("SetSchedParams: a null context on oneself is an illegal operation; the context that one has is none") {
    CHECK_ANSWER(invoke(own_tcb(), Invocation::tcb_set_sched_params, {255, 100}, {own_tcb(), Word{0}, Word{0}}),
                 illegal_operation);
    CHECK_DONE(invoke(own_tcb(), Invocation::tcb_set_sched_params, {255, 100},
                      {own_tcb(), abi::root_slot::sched_context, test::own_fault_handler()}));
    REQUIRE_VALUE(context, make_context());
    CHECK_ANSWER(invoke(own_tcb(), Invocation::tcb_set_sched_params, {255, 100}, {own_tcb(), context, Word{0}}),
                 illegal_operation);
}

SYSTEM_TEST("SetSchedParams: a blocked thread is not given a context without budget, a stopped one is") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(raw, sys::make_object<sys::SchedContext>(test::space(), memory, 8)); // not configured
    volatile Word got = 0;
    auto receives = [&] { got = endpoint->wait().mr0; };
    Thread thread;
    REQUIRE_OK(thread.start(memory, receives, {.priority = above}));
    REQUIRE_OK(thread.context().unbind()); // it waits, and has no context
    const auto set = [&](AnyCap which) {
        return invoke(thread.tcb(), Invocation::tcb_set_sched_params, {255, above.value}, {own_tcb(), which, Word{0}});
    };
    CHECK_ANSWER(set(raw), illegal_operation);
    CHECK_REFUSED(raw->bind(thread.tcb()), abi::Error::illegal_operation);
    REQUIRE_OK(thread.tcb().suspend());
    CHECK_DONE(set(raw));
    CHECK_DONE(set(Word{0}));
    REQUIRE_OK(thread.tcb().resume());
    CHECK_DONE(set(thread.context()));
    endpoint->send({abi::MessageInfo(1, 1), 99});
    CHECK_EQUAL(got, 99);
}

SYSTEM_TEST("SetSchedParams: sets everything: priority, limit, context and handler") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_VALUE(faults, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    auto faulting = [] { sys::raw::trap(); };
    Thread thread;
    REQUIRE_OK(thread.prepare(memory, faulting, {.priority = test::below, .passive = true}));
    REQUIRE_OK(thread.tcb().resume());
    REQUIRE_VALUE(context, make_context());
    REQUIRE_DONE(
        invoke(thread.tcb(), Invocation::tcb_set_sched_params, {7, above.value}, {own_tcb(), context, faults}));
    const auto received = test::receive_within(faults, reply, 0); // it has run, above, and faulted, to the handler
    REQUIRE(received.has_value());
    CHECK_EQUAL(received->label(), static_cast<Word>(abi::Fault::user_exception));
    CHECK_ANSWER(invoke(thread.tcb(), Invocation::tcb_set_priority, {8}, {thread.tcb()}), range_error, 0, 7);
}

SYSTEM_TEST("receivers and senders queue by priority, first come first served among equals") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    constexpr uint8_t priorities[] = {101, 103, 102, 101, 103, 102};
    volatile Word order[6] = {};
    struct Sender {
        Word index = 0;
        sys::Endpoint to;
        void operator()() { to.send({abi::MessageInfo(1, 1), index}); }
    } senders[6];
    Thread threads[6];
    for (Word i = 0; i < 6; ++i) {
        senders[i] = {i, endpoint};
        REQUIRE_OK(threads[i].start(memory, senders[i], {.priority = Priority{priorities[i]}}));
    }
    for (volatile Word& slot : order)
        slot = endpoint->wait().mr0;
    constexpr Word expected[] = {1, 4, 2, 5, 0, 3};
    for (unsigned i = 0; i < 6; ++i)
        CHECK_EQUAL(order[i], expected[i]);
}

SYSTEM_TEST("waiters of a notification queue by priority, too") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(notification, sys::make_object<sys::Notification>(test::space(), memory));
    constexpr uint8_t priorities[] = {101, 103, 102, 103};
    volatile Word woken = 0;
    struct Waiter {
        sys::Notification on;
        volatile Word* woken;
        Word position = 0;
        void operator()() {
            static_cast<void>(on.wait());
            *woken = *woken + 1;
            position = *woken;
        }
    } waiters[4];
    Thread threads[4];
    for (unsigned i = 0; i < 4; ++i) {
        waiters[i] = {notification, &woken, 0};
        REQUIRE_OK(threads[i].start(memory, waiters[i], {.priority = Priority{priorities[i]}}));
    }
    for (unsigned i = 0; i < 4; ++i)
        notification->signal();
    constexpr Word expected[] = {4, 1, 3, 2};
    for (unsigned i = 0; i < 4; ++i)
        CHECK_EQUAL(static_cast<volatile Word&>(waiters[i].position), expected[i]);
}

SYSTEM_TEST("a changed priority moves a waiting thread, behind its new equals") {
    REQUIRE_VALUE(memory, test::make_untyped(17));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), memory));
    struct Sender {
        Word index = 0;
        sys::Endpoint to;
        void operator()() { to.send({abi::MessageInfo(1, 1), index}); }
    } senders[4];
    Thread threads[4];
    for (Word i = 0; i < 4; ++i) {
        senders[i] = {i, endpoint};
        REQUIRE_OK(threads[i].start(memory, senders[i], {.priority = i == 3 ? far_above : above}));
    }
    REQUIRE_OK(threads[0].tcb().set_priority(own_tcb(), far_above)); // behind 3, before 1 and 2
    REQUIRE_OK(threads[3].tcb().set_priority(own_tcb(), above));     // behind 2
    REQUIRE_OK(threads[1].tcb().set_priority(own_tcb(), above));     // unchanged, and yet behind its equals
    for (const Word expected : {Word{0}, Word{2}, Word{3}, Word{1}})
        CHECK_EQUAL(endpoint->wait().mr0, expected);
}
