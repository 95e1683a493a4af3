// SPDX-License-Identifier: BSD-2-Clause
// Who is told of a page fault, what the message says, and how a keeper fault ends.
#include <support/paged_world.hpp>

using namespace test;
using abi::WhySupervisor;

TEST_CASE("a page fault goes to the keeper in force, with walk, cookie and neighbours", "[paging]") {
    PagedWorld world;
    world.keep(area, 16, 1, 0x123456789, 1);
    const Word frame = world.make(ObjectType::frame_4k);
    REQUIRE(world.as_root(frame, Method::page_map, {area + 0x3000, 3, 8}, {at::vspace}).ok());
    world.keep(area + 0x5000, 1, 2);
    world.keep(area + 0x6000, 1, 1, 0);
    world.wait_for_faults();
    world.fault(area + 0x2008);
    CHECK(world.is_running(world.pager));
    const CallResult message = world.answer_of(world.pager);
    CHECK(message.label == static_cast<Word>(Fault::keeper_fault));
    CHECK(message.badge == 0x51);
    REQUIRE(message.words.size() == 4);
    CHECK(message.words[0] == fault_ip);
    CHECK(message.words[1] == area + 0x2008);
    CHECK(message.words[3] == 0x12345678b);
    const auto info = world.info_of(world.pager);
    CHECK(info.error_code() == write_error);
    CHECK(info.level() == 1);
    CHECK(info.keeper_level() == 1);
    CHECK(info.keeper() == 1);
    CHECK(info.why() == WhySupervisor::is_not);
    CHECK(info.repeats() == 0);
    CHECK(info.hands_off() == (0xffff & ~(1u << 6))); // cookies, a page, another keeper; one that is empty
}

TEST_CASE("the deepest index on the walk counts, at every level", "[paging]") {
    PagedWorld world;
    const auto keep = [&](Word structure, Word address, Word bits, Word keeper) {
        const Words words{address, bits, 1, keeper, abi::unchanged, 0};
        REQUIRE(world.as_root(structure, Method::range_set_keeper, words).words == Words{1});
    };
    const auto told_of = [&](Word address) {
        world.wait_for_faults();
        world.fault(address);
        Tcb& told = world.is_running(world.pager) ? world.pager : world.supervisor;
        const auto info = world.info_of(told);
        for (Word thread : {world.client_cap, world.pager_cap, world.supervisor_cap})
            REQUIRE(world.as_root(thread, Method::tcb_suspend).ok());
        for (Word thread : {world.pager_cap, world.supervisor_cap})
            REQUIRE(world.as_root(thread, Method::tcb_resume).ok());
        return Words{&told == &world.pager, info.level(), info.keeper_level(), info.keeper()};
    };
    CHECK(told_of(area) == Words{0, 1, 0, 0});
    keep(at::vspace, area & ~ones(39), 39, 1);
    CHECK(told_of(area) == Words{1, 1, 4, 1});
    keep(world.pdpt, area & ~ones(30), 30, 3);
    CHECK(told_of(area) == Words{0, 1, 3, 3});
    CHECK(told_of(area - (Word{1} << 30)) == Words{1, 3, 4, 1});
    keep(world.directory, area, 21, 1);
    CHECK(told_of(area) == Words{1, 1, 2, 1});
    keep(at::vspace, area, 12, 4); // through the space itself
    CHECK(told_of(area) == Words{0, 1, 1, 4});
    CHECK(told_of(area + 0x1000) == Words{1, 1, 2, 1});
}

TEST_CASE("without a keeper, or an endpoint of his, the supervisor is told why", "[paging]") {
    PagedWorld world;
    world.wait_for_faults();
    SECTION("no keeper") {
        world.fault(area);
        CHECK(world.info_of(world.supervisor).why() == WhySupervisor::no_keeper);
        CHECK(world.info_of(world.supervisor).keeper() == 0);
    }
    SECTION("an index behind the table") {
        world.keep(area, 1, 9);
        world.fault(area);
        CHECK(world.info_of(world.supervisor).why() == WhySupervisor::no_endpoint);
        CHECK(world.info_of(world.supervisor).keeper() == 9);
    }
    SECTION("an empty slot") {
        world.keep(area, 1, 3);
        world.fault(area);
        CHECK(world.info_of(world.supervisor).why() == WhySupervisor::no_endpoint);
    }
    SECTION("an address without tables") {
        world.fault(area + (Word{1} << 40));
        CHECK(world.info_of(world.supervisor).level() == 4);
        CHECK(world.info_of(world.supervisor).hands_off() == 0);
    }
    SECTION("the kernel half shows nothing") {
        world.fault(0xffff'ffff'8010'0000, 5);
        CHECK(world.info_of(world.supervisor).level() == 4);
        CHECK(world.info_of(world.supervisor).keeper_level() == 0);
    }
    CHECK(world.is_running(world.supervisor));
    CHECK(world.supervisor.context.rdi == 0x50);
}

TEST_CASE("other faults go to the supervisor as they are", "[paging]") {
    PagedWorld world;
    world.keep(area, 16, 1);
    world.wait_for_faults();
    REQUIRE(world.as_root(world.client_cap, Method::tcb_resume).ok());
    world.run(world.client);
    world.exception(6, fault_ip);
    CHECK(world.is_running(world.supervisor));
    CHECK(world.answer_of(world.supervisor).label == static_cast<Word>(Fault::user_exception));
    CHECK(world.supervisor.context.rdi == 0x50);
}

TEST_CASE("nobody there to be told: the thread stops", "[paging]") {
    PagedWorld world;
    world.empty_keeper(0);
    world.fault(area);
    CHECK(world.client.state == ThreadState::stopped);
}

TEST_CASE("faults in a row at one place are counted", "[paging]") {
    PagedWorld world;
    world.keep(area, 16, 1);
    world.wait_for_faults();
    for (unsigned i = 0; i < 3; i++) {
        world.fault(area + 8 * i);
        CHECK(world.info_of(world.pager).repeats() == i);
        world.answer_fault({});
    }
    world.fault(area + 0x1000);
    CHECK(world.info_of(world.pager).repeats() == 0);
}

TEST_CASE("a fault that the tables have settled by the time it is told is not told, once", "[paging]") {
    PagedWorld world;
    world.keep(area, 16, 1);
    const Word frame = world.make(ObjectType::frame_4k);
    world.fault(area); // nobody waits
    CHECK(world.client.state == ThreadState::sending);
    REQUIRE(world.as_root(frame, Method::page_map, {area, 3, 8}, {at::vspace}).ok());
    world.run(world.pager);
    world.receive(world.pager, world.faults, world.reply);
    CHECK(world.pager.state == ThreadState::receiving);
    CHECK(world.client.state == ThreadState::runnable);
    // The same again: that the page is there is not enough, it seems.
    world.as_root(world.pager_cap, Method::tcb_suspend);
    world.fault(area);
    REQUIRE(world.as_root(world.pager_cap, Method::tcb_resume).ok());
    world.run(world.pager);
    world.receive(world.pager, world.faults, world.reply);
    CHECK(world.client.state == ThreadState::awaiting_reply);
    CHECK(world.info_of(world.pager).repeats() == 1);
}

TEST_CASE("whatever ends its wait but an answer has a keeper fault begin again", "[paging]") {
    PagedWorld world;
    world.keep(area, 16, 1);
    SECTION("its badge is cancelled") {
        world.fault(area);
        const Word badged = world.mint(world.faults, Rights::all(), 0x51);
        REQUIRE(world.as_root(at::cnode, Method::cnode_cancel_badged_sends, {badged, 64}).ok());
        CHECK(world.client.state == ThreadState::runnable);
    }
    SECTION("the endpoint is deleted") {
        world.fault(area);
        REQUIRE(world.as_root(at::cnode, Method::cnode_revoke, {world.faults, 64}).ok());
        REQUIRE(world.as_root(at::cnode, Method::cnode_delete, {world.faults, 64}).ok());
        CHECK(world.client.state == ThreadState::runnable);
        world.run(world.supervisor);
        world.receive(world.supervisor, world.supervised, world.supervisor_reply);
        world.fault(area);
        CHECK(world.info_of(world.supervisor).why() == WhySupervisor::no_endpoint);
        return;
    }
    SECTION("the reply object is deleted") {
        world.wait_for_faults();
        world.fault(area);
        REQUIRE(world.as_root(at::cnode, Method::cnode_delete, {world.reply, 64}).ok());
        CHECK(world.client.state == ThreadState::runnable);
    }
    SECTION("the reply object is used again") {
        world.wait_for_faults();
        world.fault(area);
        world.run(world.pager);
        world.receive(world.pager, world.faults, world.reply);
        CHECK(world.client.state == ThreadState::runnable);
    }
    SECTION("the reply object is recalled") {
        world.wait_for_faults();
        world.fault(area);
        REQUIRE(world.as_root(at::cnode, Method::cnode_recall, {world.reply, 64}).ok());
        CHECK(world.client.state == ThreadState::runnable);
        CHECK(world.FakeMachine::reply(world.reply).thread == nullptr);
    }
    CHECK(world.client.context.rip == fault_ip);
    CHECK(world.client.fault.type == Fault::none);
}

TEST_CASE("a recalled caller makes its call again, with its context", "[paging]") {
    PagedWorld world;
    world.run(world.pager);
    world.receive(world.pager, world.faults, world.reply);
    REQUIRE(world.as_root(world.client_cap, Method::tcb_resume).ok());
    world.run(world.client);
    world.put_message(world.client, 7, {1});
    world.enter(world.client, Syscall::call, world.faults);
    REQUIRE(world.client.state == ThreadState::awaiting_reply);
    REQUIRE(world.as_root(at::cnode, Method::cnode_recall, {world.reply, 64}).ok());
    CHECK(world.client.state == ThreadState::runnable);
    CHECK(world.waits(world.client));
    CHECK(world.as_root(at::cnode, Method::cnode_recall, {world.reply, 64}).ok()); // nobody waits
    CHECK(world.as_root(at::cnode, Method::cnode_recall, {world.faults, 64}) == Error::illegal_operation);
}

TEST_CASE("a keeper table is only given with the address space that it gives out", "[paging]") {
    PagedWorld world;
    CHECK(world
              .as_root(world.client_cap, Method::tcb_set_sched_params, {255, 100},
                       {at::tcb, world.free_slot(), world.keepers})
              .is(Error::invalid_capability, {3}));
    CHECK(world.as_root(world.client_cap, Method::tcb_set_timeout_endpoint, {}, {world.keepers})
              .is(Error::invalid_capability, {1}));
    const Word frame = world.make(ObjectType::frame_4k), space = world.make(ObjectType::pml4);
    REQUIRE(world.as_root(at::asid_pool, Method::asid_pool_assign, {}, {space}).ok());
    REQUIRE(
        world.as_root(world.client_cap, Method::tcb_configure, {0, 0, 0x2000}, {at::cnode, at::vspace, frame}).ok());
    CHECK(world.client.cap(TcbSlot::fault_handler).is(CapType::cnode));
    REQUIRE(world.as_root(world.client_cap, Method::tcb_configure, {0, 0, 0x2000}, {at::cnode, space, frame}).ok());
    CHECK(world.client.cap(TcbSlot::fault_handler).is_null());
}

TEST_CASE("Configure lets interrupts in while the keeper table goes, and comes to its end", "[paging]") {
    PagedWorld world;
    const Word frame = world.make(ObjectType::frame_4k), space = world.make(ObjectType::pml4);
    REQUIRE(world.as_root(at::asid_pool, Method::asid_pool_assign, {}, {space}).ok());
    // The thread has the last capability of its table.
    REQUIRE(world.as_root(at::cnode, Method::cnode_delete, {world.keepers, 64}).ok());
    world.look_after_steps(1);
    world.interrupt_at_look(1);
    const Words words{0, 0, 0x2000};
    const CallResult done = world.as_root(world.client_cap, Method::tcb_configure, words, {at::cnode, space, frame});
    world.no_interrupts();
    CHECK(done.ok());
    CHECK(world.client.cap(TcbSlot::fault_handler).is_null());
    CHECK(world.client.cap(TcbSlot::vspace).object() == world.cap(space).object());
}

TEST_CASE("TCB.Status says what a thread waits for", "[paging]") {
    PagedWorld world;
    world.keep(area, 16, 1);
    world.wait_for_faults();
    world.fault(area + 0x10);
    world.advance_us(500);
    const CallResult status = world.as_root(world.client_cap, Method::tcb_status);
    REQUIRE(status.words.size() == 5);
    CHECK(status.words[0] == static_cast<Word>(abi::StatusState::awaiting_reply));
    CHECK(status.words[1] >= 500);
    CHECK(status.words[2] == static_cast<Word>(Fault::keeper_fault));
    CHECK(status.words[3] == area + 0x10);
    CHECK(status.words[4] == fault_ip);
}
