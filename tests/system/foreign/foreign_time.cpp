// SPDX-License-Identifier: BSD-2-Clause
// Priorities, budgets and timeouts as mixed-criticality programs use them.
#include <tests/system/foreign/kit.hpp>

using namespace foreign;

namespace {

constexpr Word above = base_priority + 1;

struct Spinner {
    volatile Word turns = 0;
};
void spin(void* argument) {
    auto* const self = static_cast<Spinner*>(argument);
    for (;;)
        self->turns = self->turns + 1;
}

void yield() { enter(sys_yield, {}); }
void sleep(Word microseconds) {
    const Word end = now() + microseconds * ticks_per_microsecond();
    while (now() < end)
        yield();
}
bool is_about(Word value, Word expected, Word tolerance) {
    return value + tolerance >= expected && value <= expected + tolerance;
}

} // namespace

SYSTEM_TEST("foreign: a budget of 2 ms in 10 ms is a fifth of the time, whatever the priority") {
    Spinner spinner;
    Thread thread;
    NEED(thread.start(spin, &spinner, above, 0, 2000, 10000));
    invoke(thread.context, sched_consumed);
    const Word start = now();
    sleep(100000);
    const Answer consumed = invoke(thread.context, sched_consumed);
    EXPECT(is_about(consumed.words[0], (now() - start) / ticks_per_microsecond() / 5, 2200));
    thread.end();
}

SYSTEM_TEST("foreign: round robin among equals gives each the same") {
    Spinner spinners[3];
    Thread threads[3];
    for (unsigned i = 0; i < 3; ++i)
        NEED(threads[i].start(spin, &spinners[i], base_priority, 0, 1000, 1000));
    sleep(60000);
    for (Thread& thread : threads)
        invoke(thread.tcb, tcb_suspend);
    for (unsigned i = 1; i < 3; ++i)
        EXPECT(is_about(spinners[i].turns, spinners[0].turns, spinners[0].turns / 5));
    EXPECT(spinners[0].turns > 1000);
    for (Thread& thread : threads)
        thread.end();
}

SYSTEM_TEST("foreign: a timeout fault tells badge and time used; more budget lets the thread go on") {
    Spinner spinner;
    const Word timeouts = make(type_endpoint), reply = make(type_reply);
    Thread thread;
    NEED(thread.start(spin, &spinner, base_priority - 1, 0, 1000, 50000));
    NEED(invoke_caps(thread.tcb, tcb_set_timeout_endpoint, {timeouts}).ok());
    NEED(configure_context(thread.context, 1000, 50000, 0xbad6e));
    NEED(set_priority(thread.tcb, above));
    for (unsigned i = 0; i < 3; ++i) {
        const Message fault = poll(timeouts, reply);
        NEED(EXPECT_EQUAL(fault.label(), fault_timeout));
        EXPECT_EQUAL(fault.length(), 2);
        EXPECT_EQUAL(fault.words[0], 0xbad6e);
        EXPECT(is_about(fault.words[1], 1000, 50));
        const Word before = spinner.turns;
        NEED(configure_context(thread.context, 1000, 50000, 0xbad6e));
        send(reply, 0);
        EXPECT(spinner.turns > before);
    }
    thread.end();
}

SYSTEM_TEST("foreign: a passive server runs on its clients' budgets, one after the other") {
    struct Here {
        Word endpoint = make(type_endpoint), reply = make(type_reply);
        volatile Word answers[3] = {};
    };
    static Here here;
    Thread server;
    NEED(server.start(
        [](void*) {
            Registers registers = enter(sys_recv, {here.endpoint}, here.reply);
            for (;;) {
                burn(300);
                registers = enter(sys_reply_recv, {here.endpoint, make_info(0, 1), {registers.mr[0] * 2}}, here.reply);
            }
        },
        nullptr, above));
    NEED(invoke(server.context, sched_unbind).ok());
    struct Client {
        Word index;
    } clients[3] = {{0}, {1}, {2}};
    Thread threads[3];
    for (unsigned i = 0; i < 3; ++i)
        NEED(threads[i].start(
            [](void* argument) {
                const Word index = static_cast<Client*>(argument)->index;
                here.answers[index] = call(here.endpoint, 1, only(index + 10)).words[0];
            },
            &clients[i], base_priority, 0, 1000, 5000));
    sleep(10000);
    for (unsigned i = 0; i < 3; ++i) {
        EXPECT_EQUAL(here.answers[i], 2 * (i + 10));
        const Answer consumed = invoke(threads[i].context, sched_consumed);
        EXPECT(consumed.words[0] >= 300);
        threads[i].end();
    }
    EXPECT_EQUAL(invoke(server.context, sched_consumed).words[0] < 100, true);
    server.end();
}

SYSTEM_TEST("foreign: YieldTo lets a chosen thread run first, and tells how long it ran") {
    static volatile Word order[4], count;
    count = 0;
    struct Note {
        Word who;
    } notes[2] = {{1}, {2}};
    const auto body = [](void* argument) {
        order[count] = static_cast<Note*>(argument)->who;
        count = count + 1;
        burn(200);
        wait(make(type_notification)); // for good
    };
    Thread threads[2];
    for (unsigned i = 0; i < 2; ++i)
        NEED(threads[i].start(body, &notes[i], base_priority, 0, 50000, 50000));
    const Answer answer = invoke(threads[1].context, sched_yield_to);
    EXPECT(answer.ok() && answer.words[0] >= 200);
    EXPECT_EQUAL(order[0], 2);
    yield();
    EXPECT_EQUAL(order[1], 1);
    for (Thread& thread : threads)
        thread.end();
}

SYSTEM_TEST("foreign: priorities: the highest that is ready runs; a limit cannot be passed") {
    Spinner spinner;
    Thread thread;
    NEED(thread.start(spin, &spinner, base_priority - 1, 0, 1000, 1000));
    sleep(5000);
    EXPECT_EQUAL(spinner.turns, 0); // we are above, and never wait
    EXPECT(invoke(thread.tcb, tcb_set_mc_priority, {50}, {cap_tcb}).ok());
    const Answer refused = invoke(thread.tcb, tcb_set_priority, {51}, {thread.tcb});
    EXPECT_EQUAL(refused.label, 4);
    EXPECT_EQUAL(refused.words[1], 50);
    thread.end();
}
