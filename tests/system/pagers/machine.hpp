// SPDX-License-Identifier: BSD-2-Clause
// The stage's machine (tests/pagers): this one.
#pragma once

#include <optional>
#include <tests/pagers/cases.hpp>
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/thread.hpp>

namespace test {

class Machine : public conformance::Platform {
public:
    sys::CSpace& space() override { return test::space(); }
    sys::SlotRef memory() override { return memory_.ref(); }
    sys::SchedControl sched_control() override { return test::sched_control(); }
    Result<void> start_thread(unsigned which, Body body, void* argument, sys::Priority priority,
                              const conformance::View& view = {}) override {
        starts_[which] = {body, argument};
        Thread& thread = threads_[which].emplace();
        TRY(thread.prepare(arena(), &begin, reinterpret_cast<Word>(&starts_[which]), {.priority = priority}));
        if (!view.cspace.is_null())
            TRY(thread.tcb().set_space(sys::Object(), view.cspace, view.cspace_data, own_space()));
        return thread.tcb().resume();
    }
    void end_thread(unsigned which) override { threads_[which].reset(); }

    Result<void> make() {
        memory_ = TRY(make_untyped(memory_bits));
        return {};
    }

private:
    static constexpr unsigned memory_bits = 22;
    struct Start {
        Body body;
        void* argument;
    };
    static void begin(Word start) {
        const auto& what = *reinterpret_cast<const Start*>(start);
        what.body(what.argument);
    }

    Cap<sys::Untyped> memory_;
    Start starts_[thread_count] = {};
    std::optional<Thread> threads_[thread_count];
};

/// Runs the case of that name from a list; a pager must not be asked for a case that there is not.
template <class Pager>
void conform(std::span<const conformance::Case> cases, std::string_view name) {
    for (const conformance::Case& which : cases) {
        if (name != which.name)
            continue;
        Machine machine;
        REQUIRE_OK(machine.make());
        Pager subject;
        Word detail = 0;
        const char* const complaint = conformance::run(which, machine, subject, detail);
        check(complaint == nullptr, {__FILE__, static_cast<int>(detail), complaint});
        return;
    }
    CHECK(!"there is no such case");
}

} // namespace test
