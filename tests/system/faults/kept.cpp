// SPDX-License-Identifier: BSD-2-Clause
// Faults that a keeper is asked about: what it answers, what it does not, and that it is gone.
#include <tests/system/faults/scenario.hpp>

using sys::KeeperFault;
using sys::PageRights;
using sys::Place;
using test::Cap;
using test::heap;
using test::KeptScenario;
using test::page_size;
using test::PageAccess;
using test::Scenario;
using test::Word;

namespace {

constexpr PageRights read_only{2}, read_write{3};
constexpr unsigned rounds = 10; ///< more than the answers that any fault needs

} // namespace

SYSTEM_TEST("faults: first-touch") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("first-touch"));
    REQUIRE(kept.faults(snippet_store, heap + 8));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    const auto next = kept.port().map_receive(frame, Place(heap, read_write));
    REQUIRE_OK(next);
    CHECK(KeptScenario::is_done(*next));
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: swapped-out") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("swapped-out"));
    REQUIRE_OK(kept.client.space().map_new(heap + page_size, PageAccess::read_write()));
    REQUIRE(KeptScenario::is_done(kept.run(snippet_store, heap + page_size)));
    REQUIRE(kept.stop());
    REQUIRE_OK(kept.tables().unmap({heap + page_size, 1}, 0x1234, 1));
    CHECK(kept.faults(snippet_load, heap + page_size));
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: copy-on-write") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("copy-on-write"));
    REQUIRE_OK(kept.client.space().map_new(heap, PageAccess::read_only()));
    REQUIRE_VALUE(own, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE(kept.faults(snippet_store, heap + 0x40));
    const auto next = kept.port().map_receive(own, Place(heap, read_write, 0, true));
    REQUIRE_OK(next);
    CHECK(KeptScenario::is_done(*next));
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: kept-write-protect") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("kept-write-protect"));
    REQUIRE_OK(kept.client.space().map_new(heap, PageAccess::read_write()));
    REQUIRE_OK(kept.tables().protect({heap, 1}, read_only));
    CHECK(kept.faults(snippet_store, heap));
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: livelock") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("livelock"));
    REQUIRE(kept.faults(snippet_load, heap));
    for (unsigned round = 1; round < rounds; ++round) { // answers, and maps nothing
        kept.client.victim().reply();
        REQUIRE(KeeperFault::is_one(kept.port().receive()));
    }
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: pager-refuses") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("pager-refuses"));
    REQUIRE(kept.faults(snippet_load, heap + 5 * page_size));
    const auto told = kept.port().deny_receive(7); // and hears of it as the supervisor
    REQUIRE_OK(told);
    REQUIRE(KeeperFault::is_one(*told));
    CHECK(KeeperFault::from(*told).info.why() == abi::WhySupervisor::denied);
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: pager-dead") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("pager-dead"));
    REQUIRE_OK(kept.keepers->at(1, 1).remove());
    const sys::Received told = kept.run(snippet_load, heap + 2 * page_size);
    REQUIRE(KeeperFault::is_one(told));
    CHECK(KeeperFault::from(told).info.why() == abi::WhySupervisor::no_endpoint);
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: nobody-to-tell") {
    Scenario scenario;
    REQUIRE_OK(scenario.make("nobody-to-tell"));
    REQUIRE_OK(scenario.victim().tcb().set_sched_params(test::own_tcb(), {}, test::base_priority,
                                                        scenario.victim().context(), sys::Endpoint()));
    REQUIRE_OK(scenario.victim().start(snippet_load, test::with_rdi(heap)));
    CHECK(!scenario.victim().next_fault(20).has_value());
}

SYSTEM_TEST("faults: outside-the-keepers-range") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("outside-the-keepers-range"));
    CHECK(kept.faults(snippet_load, heap + 16 * page_size));
    REQUIRE(kept.stop());
}

SYSTEM_TEST("faults: fault-in-a-pager") {
    KeptScenario kept;
    REQUIRE_OK(kept.make("client-of-faulting-pager"));
    Scenario pager; // a victim of its own, which touches the client's address while it should serve it
    REQUIRE_OK(pager.make("faulting-pager"));
    REQUIRE(kept.faults(snippet_load, heap + 3 * page_size));
    CHECK(pager.faults_at(heap + 3 * page_size, snippet_load));
    REQUIRE(kept.stop());
}
