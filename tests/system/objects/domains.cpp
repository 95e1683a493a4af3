// SPDX-License-Identifier: BSD-2-Clause
// Scheduling domains: there is one, and the calls say so.
#include <sys/cap/domain.hpp>
#include <sys/util/paging_event.hpp>
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>

using abi::Invocation;
using test::invoke;
using test::Word;

namespace {
constexpr Word domains = abi::root_slot::domain_set;
}

SYSTEM_TEST("DomainSet.Set: domain 0 for any thread; another domain is argument 0, what is no thread argument 1") {
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    CHECK_DONE(invoke(domains, Invocation::domain_set_set, {0}, {tcb}));
    CHECK_DONE(invoke(domains, Invocation::domain_set_set, {0}, {test::own_tcb()}));
    for (const Word domain : {Word{1}, Word{2}, Word{255}, Word{256}, Word{1} << 32, ~Word{0}}) {
        CHECK_ANSWER(invoke(domains, Invocation::domain_set_set, {domain}, {tcb}), invalid_argument, 0);
        CHECK_ANSWER(invoke(domains, Invocation::domain_set_set, {domain}, {Word{0}}), invalid_argument, 0);
    }
    CHECK_ANSWER(invoke(domains, Invocation::domain_set_set, {0}, {Word{0}}), invalid_argument, 1);
}

SYSTEM_TEST("DomainSet.ScheduleConfigure: index and domain 0 only, durations from 1 to below 2^56 ticks") {
    const auto configure = [](Word index, Word domain, Word duration) {
        return invoke(domains, Invocation::domain_set_schedule_configure, {index, domain, duration});
    };
    for (const Word wrong : {Word{1}, Word{2}, Word{256}, Word{1} << 32, ~Word{0}}) {
        CHECK_ANSWER(configure(wrong, 0, 100), range_error, 0, 0);
        CHECK_ANSWER(configure(0, wrong, 100), range_error, 0, 0);
    }
    for (const Word duration : {Word{0}, Word{1} << 56, Word{1} << 63, ~Word{0}})
        CHECK_ANSWER(configure(0, 0, duration), invalid_argument, 2);
    CHECK_ANSWER(configure(1, 1, 0), range_error, 0, 0);
    CHECK_DONE(configure(0, 0, 1));
    CHECK_DONE(configure(0, 0, (Word{1} << 56) - 1));
}

SYSTEM_TEST("DomainSet.ScheduleSetStart: entry 0; entry 1 is empty, there is no other") {
    CHECK_DONE(invoke(domains, Invocation::domain_set_schedule_set_start, {0}));
    CHECK_ANSWER(invoke(domains, Invocation::domain_set_schedule_set_start, {1}), invalid_argument, 0);
    for (const Word wrong : {Word{2}, Word{255}, Word{1} << 32, ~Word{0}})
        CHECK_ANSWER(invoke(domains, Invocation::domain_set_schedule_set_start, {wrong}), range_error, 0, 1);
}

SYSTEM_TEST("DomainSet.ReadEvents: a fault of a thread is there, from its trap to its end; nothing else answers it") {
    const sys::DomainSet record(domains);
    REQUIRE_VALUE(before, record.read_events(~Word{0}));
    CHECK_EQUAL(before.count, 0);
    CHECK_EQUAL(before.first, before.written);
    volatile Word nowhere = 0x123;
    auto fault = [&] { static_cast<void>(*reinterpret_cast<volatile uint8_t*>(nowhere)); };
    test::Thread thread;
    REQUIRE_OK(thread.start(test::arena(), fault, {.priority = test::above}));
    REQUIRE_VALUE(after, record.read_events(before.written));
    CHECK_EQUAL(after.written, before.written + 2);
    CHECK_EQUAL(after.first, before.written);
    REQUIRE(after.count == 2);
    REQUIRE_VALUE(tcb, test::space().at(thread.tcb().slot()).inspect());
    const sys::PagingEventView trap(after.events[0]);
    CHECK(trap.kind() == abi::PagingEventKind::trap);
    CHECK_EQUAL(trap.thread(), tcb.physical);
    CHECK_EQUAL(trap.address(), 0x123);
    CHECK_EQUAL(trap.error_code(), 4);
    const sys::PagingEventView end(after.events[1]);
    CHECK(end.kind() == abi::PagingEventKind::kill);
    CHECK_EQUAL(end.thread(), tcb.physical);
    CHECK(end.cause() == abi::PagingCause::nobody);
    CHECK(after.events[0].time != 0 && after.events[0].time == after.events[1].time);
    CHECK_ANSWER(invoke(domains, Invocation::domain_set_read_events), truncated_message);
    CHECK_ANSWER(invoke(abi::root_slot::irq_control, Invocation::domain_set_read_events, {0}), illegal_operation);
    CHECK_ANSWER(invoke(abi::root_slot::asid_control, Invocation::domain_set_read_events, {0}), illegal_operation);
}
