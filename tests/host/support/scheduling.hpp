// SPDX-License-Identifier: BSD-2-Clause
// Threads of several priorities that wait on endpoints of their own until a test wakes them, for tests of scheduling.
#pragma once

#include <support/fake_machine.hpp>

namespace test {

/// A thread and the notification that it waits on whenever it has nothing to do.
struct Sleeper {
    Word tcb = 0;
    Word bell = 0;
};

struct Scheduling : FakeMachine {
    /// A new thread that waits already.
    Sleeper sleeper(uint8_t priority, bool with_context = true) {
        const Sleeper made{make_thread(priority, with_context), make(ObjectType::notification)};
        if (with_context)
            fall_asleep(made);
        return made;
    }
    void fall_asleep(const Sleeper& who) {
        run(thread(who.tcb));
        receive(thread(who.tcb), who.bell, 0, Syscall::wait);
    }
    /// The running thread wakes another.
    void ring(const Sleeper& who) { REQUIRE(send(*running(), who.bell, 0).completed); }
    bool runs(const Sleeper& who) { return is_running(thread(who.tcb)); }
    /// Who runs, in turn, if each that runs waits at once; ends with `last`, or when nobody is left.
    Words turns(Tcb& last) {
        Words order;
        const Word nowhere = make(ObjectType::notification);
        while (running() && running() != &last) {
            order.push_back(slot_of(*running()));
            receive(*running(), nowhere, 0, Syscall::wait);
        }
        return order;
    }
    Word slot_of(const Tcb& wanted) {
        for (Word index = 0; index < bit(root_radix); index++) {
            if (cap(index).is(CapType::tcb) && &thread(index) == &wanted)
                return index;
        }
        return 0;
    }
};

} // namespace test
