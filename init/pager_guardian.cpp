// SPDX-License-Identifier: BSD-2-Clause
// Two threads in init's address space and CSpace, each with an IPC buffer of its own. The killer runs in chaos runs only.
#include <init/pager_guardian.hpp>

#include <abi/fault.hpp>
#include <init/thread.hpp>
#include <sys/cap/endpoint.hpp>
#include <sys/util/log.hpp>

namespace init {

namespace {

constexpr uint8_t killer_priority = 253, guardian_priority = 254;
constexpr Word kill_label = 0x1000; ///< above all faults
/// Deaths in a row, each before the pager had served anybody for so many ticks, after which there is no hope.
constexpr unsigned most_deaths = 16;
constexpr Word quick_death = 20'000'000;

constinit PagerImage* image = nullptr;
constinit PagerSteps* steps = nullptr; ///< null: nobody counts them
constinit sys::Endpoint endpoint;
constinit sys::Reply reply;
constinit Thread guardian_thread, killer_thread;

void restart_or_fail(const char* why) {
    if (steps != nullptr)
        steps->begin();
    if (const auto restarted = image->restart(); !restarted) {
        sys::log("INIT: the pager cannot be started again: error {}", restarted.error().label());
        sys::log("SYSTEM FAILED: {}", why);
    }
}

void handle_death(const sys::Received& fault) {
    static constinit Word last_death = 0;
    static constinit unsigned deaths = 0;
    const Word now = sys::raw::read_time_stamp();
    deaths = now - last_death < quick_death ? deaths + 1 : 1;
    last_death = now;
    sys::log("INIT: the pager died at {:#x}: fault {}, {:#x}", fault.mr0, fault.label(), fault.mr1);
    if (deaths == most_deaths) {
        sys::log("SYSTEM FAILED: the pager keeps dying");
        return;
    }
    if (deaths < most_deaths)
        restart_or_fail("the pager died");
}

void tell_figures() {
    const PagerSteps::Figures all = steps->figures();
    sys::log("INIT: the pager died at each of its first {} steps; the longest recovery had {}", all.steps,
             all.longest_recovery);
    sys::log("INIT: of {} operations of the pager it died before {}, after {}", all.operations, all.died_before,
             all.died_after);
}

/// The answer to a step: where the pager goes on. Nothing: it died.
std::optional<sys::Message> take_step() {
    const auto registers = image->thread().read_registers(false);
    if (registers)
        if (const auto ip = steps->take(*registers))
            return sys::Message{sys::MessageInfo(0, 1), *ip};
    restart_or_fail("the pager was killed");
    if (steps->is_over())
        tell_figures();
    return std::nullopt;
}

[[noreturn, gnu::force_align_arg_pointer]] void guard() {
    sys::Received received = endpoint.receive(reply);
    for (;;) {
        if (steps != nullptr && steps->is_step(received)) {
            const auto answer = take_step();
            received = answer ? endpoint.reply_receive(*answer, reply) : endpoint.receive(reply);
            continue;
        }
        if (received.label() == kill_label) {
            restart_or_fail("the pager was killed");
            received = endpoint.reply_receive({}, reply);
            continue;
        }
        handle_death(received);
        received = endpoint.receive(reply);
    }
}

constexpr sys::Microseconds killer_budget{100};
struct Killer {
    sys::SchedControl control;
    sys::SchedContext context;
    Word random = 0;
    Word kills = 0;
};
constinit Killer killer;

/// xorshift64* (Vigna 2016).
Word next_random() {
    Word& x = killer.random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    return x * 0x2545'f491'4f6c'dd1d;
}

/// Sleeps for a random time by the period of its scheduling context, then waits some instructions more.
[[noreturn, gnu::force_align_arg_pointer]] void kill_again_and_again() {
    for (Word done = 0; done < killer.kills; ++done) {
        constexpr Word shortest = 200, spread = 12000;
        const sys::Microseconds period{shortest + next_random() % spread};
        static_cast<void>(killer.control.configure(killer.context, {.budget = killer_budget, .period = period}));
        sys::yield();
        for (const Word end = sys::raw::read_time_stamp() + next_random() % 10'000;
             sys::raw::read_time_stamp() < end;) {
        }
        static_cast<void>(endpoint.call(sys::Message::of_label(kill_label)));
    }
    static_cast<void>(killer_thread.tcb().suspend());
    for (;;) {
    }
}

} // namespace

Result<void> PagerGuardian::start(OwnMemory& memory, SpaceBuilder& own_space, const Services& services,
                                  PagerImage& restarted, PagerSteps* counted, sys::Endpoint told) {
    image = &restarted;
    steps = counted;
    endpoint = told;
    reply = sys::Reply(TRY(memory.make(abi::ObjectType::reply)));
    constexpr Word buffer = 0x13'0000'0000;
    return guardian_thread.start(memory, own_space, services,
                                 {.entry = guard, .priority = guardian_priority, .buffer = buffer});
}

Result<void> PagerGuardian::start_killer(OwnMemory& memory, SpaceBuilder& own_space, const Services& services,
                                         sys::Endpoint told, Word seed, Word kills) {
    endpoint = told;
    killer.control = services.sched_control;
    killer.random = seed * 2 + 1;
    killer.kills = kills;
    constexpr Word buffer = 0x13'0000'2000;
    killer.context = sys::SchedContext(TRY(memory.make(abi::ObjectType::sched_context, 8)));
    TRY(services.sched_control.configure(killer.context, {.budget = killer_budget, .period = {5000}}));
    return killer_thread.start(
        memory, own_space, services,
        {.entry = kill_again_and_again, .priority = killer_priority, .buffer = buffer, .context = killer.context});
}

} // namespace init
