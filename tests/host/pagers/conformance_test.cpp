// SPDX-License-Identifier: BSD-2-Clause
// The cases that every pager must pass (tests/pagers), on the kernel's core in this process, and pagers that die at each of their
// kernel entries.
#include <support/catch.hpp>

#include <pagers/dying_pager.hpp>
#include <tests/pagers/subjects.hpp>

using namespace test;

TEST_CASE("pagers: the zero-fill pager conforms") { run_all<conformance::ZeroFill>(conformance::cases()); }
TEST_CASE("pagers: the compressing pager conforms") { run_all<conformance::Compressing>(conformance::cases()); }
TEST_CASE("pagers: the checkpoint pager conforms") { run_all<conformance::Checkpointing>(conformance::cases()); }
TEST_CASE("pagers: discarded pages are gone") {
    SECTION("zero-fill") { run_all<conformance::ZeroFill>(conformance::discard_cases()); }
    SECTION("compressing") { run_all<conformance::Compressing>(conformance::discard_cases()); }
    SECTION("checkpoint") { run_all<conformance::Checkpointing>(conformance::discard_cases()); }
}
TEST_CASE("pagers: the checkpoint pager rolls back") {
    run_all<conformance::Checkpointing>(conformance::checkpoint_cases());
}

TEST_CASE("pagers: killed at each of its kernel entries, a zero-fill pager is replaced and nothing is lost") {
    CHECK(touch_and_die<conformance::ZeroFill>({24}, 20) > 50);
}

TEST_CASE("pagers: killed at each of its kernel entries, a compressing pager is replaced and nothing is lost") {
    // 2 frames as they are and 2 for compressed pages, 8 behind: pages come and go.
    CHECK(touch_and_die<conformance::Compressing>({12}, 4) > 150);
}

TEST_CASE("pagers: killed at many of its kernel entries, a compressing pager that hands pages down loses nothing") {
    // As many blocks as there is room for, and more pages.
    constexpr unsigned stride = 17;
    CHECK(touch_and_die<conformance::Compressing>({12}, 24, stride, [](conformance::Compressing& pager) {
              CHECK(pager.figures().compressed > 10);
              CHECK(pager.figures().decompressed > 10);
              CHECK(pager.figures().handed_down > 3);
              CHECK(pager.figures().forwarded > 3);
          }) > 40);
}

TEST_CASE("pagers: killed at each of its kernel entries, a checkpoint pager is replaced and nothing is lost") {
    CHECK(touch_and_die<conformance::Checkpointing>({24}, 20) > 50);
}

TEST_CASE("pagers: killed at each of its kernel entries, a checkpoint pager still rolls back") {
    using conformance::Touch;
    constexpr abi::Word pages = 6;
    const auto work = [&](conformance::Trial& trial, test::HostPlatform& platform) {
        for (abi::Word page = 0; page < pages; ++page)
            surely(trial, platform, Touch::store, page, page + 1);
        replace_if_dead(trial, platform);
        request_surely(trial, platform, [&] { return trial.subject.request(sys::pager::Checkpoint{}); });
        for (abi::Word page = 0; page < pages; page += 2)
            surely(trial, platform, Touch::store, page, page + 77);
        surely(trial, platform, Touch::store, pages, 5); // it was not there before
        replace_if_dead(trial, platform);
        request_surely(trial, platform, [&] { return trial.subject.request(sys::pager::RollBack{}); });
        for (abi::Word page = 0; page < pages; ++page)
            trial.expect(surely(trial, platform, Touch::load, page) == page + 1, "the region is as it was", page);
        trial.expect(surely(trial, platform, Touch::load, pages) == 0, "what was zero is zero again");
    };
    CHECK(die_at_every_step<conformance::Checkpointing>({24}, 1, work, [](auto&) {}) > 30);
}
