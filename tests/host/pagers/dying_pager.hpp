// SPDX-License-Identifier: BSD-2-Clause
// Runs of the cases that every pager must pass (tests/pagers) on the kernel's core in this process, and pagers that die at each of
// their kernel entries.
#pragma once

#include <support/catch.hpp>

#include <pagers/host_platform.hpp>
#include <tests/pagers/cases.hpp>

#include <functional>

namespace test {

/// Each case twice, the second time with interrupts whenever the kernel looks for some in its long calls.
template <class Pager>
void run_all(std::span<const conformance::Case> cases) {
    for (size_t run = 0; run < 2 * cases.size(); ++run) {
        const conformance::Case& which = cases[run / 2];
        const bool is_interrupted = run % 2 == 1;
        DYNAMIC_SECTION(which.name << (is_interrupted ? ", with interrupts" : "")) {
            HostPlatform platform;
            if (is_interrupted)
                platform.rig.interrupt_at_each_look();
            Pager subject;
            abi::Word detail = 0;
            const char* const complaint = conformance::run(which, platform, subject, detail);
            INFO("not so: " << (complaint ? complaint : "") << "; " << detail);
            CHECK(complaint == nullptr);
            platform.rig.check_invariants();
        }
    }
}

inline constexpr unsigned pager_thread = 0;

/// Runs `work` again and again, with the pager dying one step later each time (or `stride` steps), until it does not come to
/// that step any more; `last` sees the pager then. How many times it died.
template <class Pager, class Work, class Last>
unsigned die_at_every_step(const conformance::Provision& provision, unsigned stride, Work&& work, Last&& last) {
    for (unsigned step = 1;; step += stride) {
        HostPlatform platform;
        Pager subject;
        conformance::Stage stage(platform);
        REQUIRE(subject.set_up(stage, provision).is_ok());
        REQUIRE(subject.start(stage, provision).is_ok());
        conformance::Trial trial{stage, subject, provision};
        platform.rig.kill_at(platform.tcb_slot(pager_thread), step);
        work(trial, platform);
        INFO("dies at step " << step << "; not so: " << (trial.complaint ? trial.complaint : "") << "; "
                             << trial.detail);
        REQUIRE(trial.complaint == nullptr);
        if (!platform.rig.was_killed(platform.tcb_slot(pager_thread)) && subject.lives == 1) {
            last(subject);
            return (step - 1) / stride;
        }
        platform.rig.check_invariants();
    }
}

/// A new pager if the old one has died.
inline void replace_if_dead(conformance::Trial& trial, HostPlatform& platform) {
    if (!platform.rig.was_killed(platform.tcb_slot(pager_thread)))
        return;
    trial.subject.kill(trial.stage);
    REQUIRE(trial.subject.start(trial.stage, trial.provision).is_ok());
}

/// A request of somebody who repeats it if the pager dies.
template <class Request>
void request_surely(conformance::Trial& trial, HostPlatform& platform, const Request& request) {
    bool done = false;
    std::function<void()> ask = [&] { done = request().is_ok(); };
    const auto body = [](void* argument) { (*static_cast<std::function<void()>*>(argument))(); };
    constexpr unsigned caller = 2;
    REQUIRE(platform.start_thread(caller, body, &ask, conformance::pager_priority).is_ok());
    if (!done)
        replace_if_dead(trial, platform);
    trial.expect(done, "a request is answered");
    platform.end_thread(caller);
}

/// An access that comes back whoever dies.
inline abi::Word surely(conformance::Trial& trial, HostPlatform& platform, conformance::Touch touch, abi::Word page,
                        abi::Word value = 0) {
    trial.stage.begin(0, touch, conformance::Stage::start + page * conformance::page_size, value);
    auto outcome = trial.stage.end(0);
    if (outcome.is(conformance::Outcome::Kind::lost)) {
        replace_if_dead(trial, platform);
        outcome = trial.stage.end(0);
    }
    trial.expect(outcome.is(conformance::Outcome::Kind::done), "a touch is answered", page);
    return outcome.value;
}

/// Stores, evictions and loads. At how many steps the pager died.
template <class Pager>
unsigned touch_and_die(
    const conformance::Provision& provision, abi::Word pages, unsigned stride = 1,
    const std::function<void(Pager&)>& last = [](Pager&) {}) {
    const auto work = [&](conformance::Trial& trial, HostPlatform& platform) {
        const auto load_all = [&] {
            for (abi::Word page = 0; page < pages; ++page)
                trial.expect(surely(trial, platform, conformance::Touch::load, page) == page + 100, "no store is lost",
                             page);
        };
        for (abi::Word page = 0; page < pages; ++page)
            surely(trial, platform, conformance::Touch::store, page, page + 100);
        load_all();
        replace_if_dead(trial, platform);
        request_surely(trial, platform, [&] { return trial.subject.evict(0, conformance::Stage::pages); });
        load_all();
    };
    return die_at_every_step<Pager>(provision, stride, work, last);
}

} // namespace test
