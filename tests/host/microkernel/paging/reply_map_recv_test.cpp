// SPDX-License-Identifier: BSD-2-Clause
// The answer that is a mapping: what it maps, what it refuses and how far it got, denials and forwarding.
#include <support/paged_world.hpp>

using namespace test;
using abi::PagerAnswer;
using abi::WhySupervisor;

namespace {

/// A pager that was asked for a page of its area.
struct Asked : PagedWorld {
    Word frame = make(ObjectType::frame_4k);
    Word second = make(ObjectType::frame_4k);

    const bool passive;

    /// By the long way and by the short one.
    explicit Asked(bool passive) : passive(passive) {
        keep(area, 16, 1);
        ask(area);
    }
    void ask(Word address) {
        wait_for_faults();
        if (passive)
            make_pager_passive();
        fault(address);
        REQUIRE(is_running(pager));
    }
    bool goes_on() const { return client.state == ThreadState::runnable && client.fault.type == Fault::none; }
};

} // namespace

TEST_CASE("one answer maps, wakes and waits; a passive pager does it by the short way", "[paging]") {
    Asked world(GENERATE(false, true));
    world.answer_fault({world.frame, PagedWorld::item(area, read_write)});
    CHECK(world.goes_on());
    CHECK(world.client.sched_context != nullptr);
    CHECK(world.client.context.rip == fault_ip);
    CHECK(world.pager.state == ThreadState::receiving);
    CHECK((world.pager.sched_context == nullptr) == world.passive);
    CHECK(world.frame_at(area) == world.cap(world.frame).object());
    CHECK(world.entry(area).is_writable());
    CHECK_FALSE(world.entry(area).is_executable());
    CHECK(world.entry(area).keeper() == 1);
    CHECK(world.cap(world.frame).is_mapped());
}

TEST_CASE("an answer without items means: try again", "[paging]") {
    Asked world(GENERATE(false, true));
    world.answer_fault({});
    CHECK(world.goes_on());
    CHECK_FALSE(world.entry(area).is_present());
}

TEST_CASE("sixteen pages in one answer", "[paging]") {
    Asked world(GENERATE(false, true));
    Words items;
    for (Word i = 0; i < 16; i++) {
        items.push_back(world.make(ObjectType::frame_4k));
        items.push_back(PagedWorld::item(area + i * 0x1000, read_write));
    }
    world.answer_fault(items);
    CHECK(world.goes_on());
    for (Word i = 0; i < 16; i++)
        CHECK(world.frame_at(area + i * 0x1000) == world.cap(items[2 * i]).object());
}

TEST_CASE("a table and a page in it", "[paging]") {
    Asked world(GENERATE(false, true));
    REQUIRE(world.as_root(world.table, Method::page_table_unmap).ok());
    REQUIRE(world.as_root(world.directory, Method::range_set_keeper, {area, 21, 1, 1, abi::unchanged, 0}).ok());
    world.answer_fault({world.table, area, world.frame, PagedWorld::item(area, read_only)});
    CHECK(world.goes_on());
    CHECK(world.frame_at(area) == world.cap(world.frame).object());
}

TEST_CASE("what an item may not be, and how far the answer got", "[paging]") {
    Asked world(GENERATE(false, true));
    const auto item = [](Word address, abi::PageRights rights) { return PagedWorld::item(address, rights); };
    const Word good = item(area + 0x1000, read_write);
    const auto second_fails = [&](const Words& rest, Error error) {
        REQUIRE(world.as_root(world.second, Method::page_unmap).ok());
        Words items{world.second, good};
        items.insert(items.end(), rest.begin(), rest.end());
        return world.failed(items, error, 1);
    };
    CHECK(second_fails({world.frame}, Error::invalid_argument));
    CHECK(second_fails({world.frame, item(area, abi::PageRights(1))}, Error::invalid_argument));
    CHECK(second_fails({world.frame, item(area, read_only) | 0x100}, Error::invalid_argument));
    CHECK(second_fails({world.frame, item(area, read_only) | Word{1} << 50}, Error::invalid_argument));
    CHECK(second_fails({world.frame, item(area, write_execute)}, Error::illegal_operation));
    CHECK(second_fails({0x7000, item(area, read_only)}, Error::failed_lookup));
    CHECK(second_fails({world.faults, item(area, read_only)}, Error::invalid_capability));
    CHECK(second_fails({world.second, item(area, read_only)}, Error::invalid_capability)); // mapped elsewhere
    CHECK(second_fails({world.frame, item(area + 0x10'000, read_only)}, Error::range_error)); // nobody's
    CHECK(second_fails({world.frame, item(abi::user_end, read_only)}, Error::range_error));
    CHECK(second_fails({world.frame, good}, Error::delete_first));
    CHECK(second_fails({world.directory, area & ~ones(30)}, Error::invalid_capability));
    const Word fresh = world.make(ObjectType::page_table);
    CHECK(second_fails({fresh, area | 2}, Error::invalid_argument));
    CHECK(second_fails({fresh, area + 0x1000}, Error::alignment_error));
    CHECK(second_fails({fresh, Word{1} << 47}, Error::range_error));
    CHECK(second_fails({world.make(ObjectType::frame_2m), item(area + 0x1000, read_only)}, Error::alignment_error));
    CHECK(second_fails({world.mint(world.frame, Rights::read()), item(area, read_write)}, Error::illegal_operation));
    CHECK(world.goes_on() == false);
    // The same alone, as the short way sees them.
    CHECK(world.failed({world.frame, item(area, write_execute)}, Error::illegal_operation));
    CHECK(world.failed({world.frame, item(area, abi::PageRights(1))}, Error::invalid_argument));
    CHECK(world.failed({0x7000, item(area, read_only)}, Error::failed_lookup));
    CHECK(world.failed({world.faults, item(area, read_only)}, Error::invalid_capability));
    CHECK(world.failed({world.frame, item(area + 0x10'000, read_only)}, Error::range_error));
    CHECK(world.failed({world.frame, item(abi::user_end, read_only)}, Error::range_error));
    CHECK(world.failed({world.mint(world.frame, Rights::read()), item(area, read_write)}, Error::illegal_operation));
    CHECK(world.failed({world.second, item(area, read_only)}, Error::invalid_capability)); // mapped elsewhere
    CHECK(world.failed({world.frame, item(area + 0x1000, read_only)}, Error::delete_first));
    // Mended.
    world.answer_fault({world.frame, item(area, read_only)});
    CHECK(world.goes_on());
}

TEST_CASE("a missing table is told with the bits that are left", "[paging]") {
    Asked world(GENERATE(false, true));
    REQUIRE(world.as_root(world.table, Method::page_table_unmap).ok());
    REQUIRE(world.as_root(world.directory, Method::range_set_keeper, {area, 21, 1, 1, abi::unchanged, 0}).ok());
    CHECK(world.failed({world.frame, PagedWorld::item(area, read_only)}, Error::failed_lookup));
    CHECK(world.pager.context.r9 == 21);
}

TEST_CASE("replace: over a cookie, over a frame; nothing is destroyed by mistake", "[paging]") {
    Asked world(GENERATE(false, true));
    world.keep(area, 1, 1, 0x77);
    CHECK(world.failed({world.frame, PagedWorld::item(area, read_only)}, Error::delete_first));
    world.answer_fault({world.frame, PagedWorld::item(area, read_only, true)});
    CHECK(world.goes_on());
    world.ask(area);
    world.answer_fault({world.frame, PagedWorld::item(area, read_write)}); // where it is already: more rights
    CHECK(world.entry(area).is_writable());
    world.ask(area);
    CHECK(world.failed({world.second, PagedWorld::item(area, read_only)}, Error::delete_first));
    world.answer_fault({world.second, PagedWorld::item(area, read_only, true)});
    CHECK(world.frame_at(area) == world.cap(world.second).object());
    // The first one's capability does not count as mapped any more.
    world.ask(area + 0x1000);
    world.answer_fault({world.frame, PagedWorld::item(area + 0x1000, read_only)});
    CHECK(world.frame_at(area + 0x1000) == world.cap(world.frame).object());
}

TEST_CASE("copies: a shared page needs no further entry, a break of copy-on-write neither", "[paging]") {
    Asked world(GENERATE(false, true));
    const Word copy = world.free_slot();
    world.answer_fault({world.frame, PagedWorld::item(area, read_only, false, true), copy});
    CHECK(world.goes_on());
    CHECK_FALSE(world.cap(world.frame).is_mapped());
    CHECK(world.cap(copy).is_mapped());
    CHECK(world.cap(copy).object() == world.cap(world.frame).object());
    world.ask(area);
    CHECK(world.failed({world.second, PagedWorld::item(area, read_write, false, true), copy}, Error::delete_first));
    CHECK(world.failed({world.second, PagedWorld::item(area, read_write, true, true), world.faults},
                       Error::delete_first));
    CHECK(world.failed({world.second, PagedWorld::item(area, read_write, true, true), world.second},
                       Error::delete_first));
    world.answer_fault({world.second, PagedWorld::item(area, read_write, true, true), copy});
    CHECK(world.goes_on());
    CHECK(world.cap(copy).object() == world.cap(world.second).object());
    CHECK(world.frame_at(area) == world.cap(world.second).object());
}

TEST_CASE("whose answer it is, and what else is wrong with it", "[paging]") {
    Asked world(GENERATE(false, true));
    const Words items{world.frame, PagedWorld::item(area, read_only)};
    const auto enter = [&](Word label, Word endpoint, Word reply_pointer, const Words& caps = {}) {
        world.run(world.pager);
        world.put_message(world.pager, label, items, caps);
        world.pager.context.r12 = reply_pointer;
        world.enter(world.pager, Syscall::reply_map_recv, endpoint);
        CHECK((world.pager.context.rsi & 127) == abi::failed_length);
        return static_cast<Error>(world.pager.context.rsi >> 12);
    };
    CHECK(enter(0, world.frame, world.reply) == Error::invalid_capability);
    CHECK(enter(0, world.faults, world.faults) == Error::invalid_capability);
    CHECK(enter(0, 0x9000, world.reply) == Error::invalid_capability);
    CHECK(enter(0, world.mint(world.faults, Rights::write()), world.reply) == Error::invalid_capability);
    CHECK(enter(3, world.faults, world.reply) == Error::invalid_argument);
    CHECK(enter(0, world.faults, world.reply, {world.frame}) == Error::invalid_argument);
    CHECK(enter(0, world.faults, world.make(ObjectType::reply)) == Error::nobody_waits);
    REQUIRE(world.as_root(world.client_cap, Method::tcb_suspend).ok());
    CHECK(enter(0, world.faults, world.reply) == Error::nobody_waits);
}

TEST_CASE("authority ends with the address space or the keeper table", "[paging]") {
    Asked world(GENERATE(false, true));
    REQUIRE(world.set_space(world.keepers).ok());
    CHECK(world.failed({world.frame, PagedWorld::item(area, read_only)}, Error::illegal_operation));
    world.run(world.pager);
    world.reply_receive(world.pager, world.faults, world.reply, 0); // a base reply: try again
    CHECK(world.goes_on());
}

TEST_CASE("a supervisor may map nothing, and not deny", "[paging]") {
    Asked world(GENERATE(false, true));
    world.answer_fault({});
    world.wait_for_faults();
    world.fault(area + 0x20'000);
    REQUIRE(world.is_running(world.supervisor));
    const auto enter = [&](PagerAnswer how, const Words& words) {
        world.run(world.supervisor);
        world.put_message(world.supervisor, static_cast<Word>(how), words);
        world.supervisor.context.r12 = world.supervisor_reply;
        world.enter(world.supervisor, Syscall::reply_map_recv, world.supervised);
        return static_cast<Error>(world.supervisor.context.rsi >> 12);
    };
    CHECK(enter(PagerAnswer::map, {world.frame, PagedWorld::item(area + 0x20'000, read_only)}) == Error::range_error);
    CHECK(enter(PagerAnswer::deny, {1}) == Error::illegal_operation);
    CHECK(world.client.state == ThreadState::awaiting_reply);
}

TEST_CASE("denied: the supervisor is told by which code", "[paging]") {
    Asked world(GENERATE(false, true));
    CHECK(world.failed({256}, Error::invalid_argument, 0, PagerAnswer::deny));
    CHECK(world.failed({1, 2}, Error::invalid_argument, 0, PagerAnswer::deny));
    world.answer_fault({17}, PagerAnswer::deny);
    CHECK(world.pager.state == ThreadState::receiving);
    REQUIRE(world.supervisor.state == ThreadState::runnable);
    const auto info = world.info_of(world.supervisor);
    CHECK(info.why() == WhySupervisor::denied);
    CHECK(info.denial() == 17);
    CHECK(info.keeper() == 1);
    CHECK(world.client.state == ThreadState::awaiting_reply);
}

TEST_CASE("denied without a supervisor: the thread stops", "[paging]") {
    Asked world(GENERATE(false, true));
    world.empty_keeper(0);
    world.answer_fault({17}, PagerAnswer::deny);
    CHECK(world.client.state == ThreadState::stopped);
}

TEST_CASE("forwarded: the other pager answers, with no more rights than were left", "[paging]") {
    Asked world(GENERATE(false, true));
    const Word other_reply = world.make(ObjectType::reply);
    world.run(world.other);
    world.receive(world.other, world.other_faults, other_reply);
    CHECK(world.failed({world.frame, 1, 2}, Error::invalid_capability, 0, PagerAnswer::forward));
    CHECK(world.failed({world.mint(world.other_faults, Rights::write()), 1, 2}, Error::invalid_capability, 0,
                       PagerAnswer::forward));
    CHECK(world.failed({world.other_faults, Word{1} << 36, 2}, Error::invalid_argument, 0, PagerAnswer::forward));
    CHECK(world.failed({world.other_faults, 1, 8}, Error::invalid_argument, 0, PagerAnswer::forward));
    CHECK(world.failed({world.other_faults, 1}, Error::invalid_argument, 0, PagerAnswer::forward));
    world.answer_fault({world.other_faults, 0x55, read_only.raw()}, PagerAnswer::forward);
    CHECK(world.pager.state == ThreadState::receiving);
    REQUIRE(world.other.state == ThreadState::runnable);
    CHECK(world.other.context.r15 == 0x55);
    CHECK(world.info_of(world.other).keeper() == 1);
    const auto enter = [&](const Words& words) {
        world.run(world.other);
        world.put_message(world.other, 0, words);
        world.other.context.r12 = other_reply;
        world.enter(world.other, Syscall::reply_map_recv, world.other_faults);
    };
    enter({world.frame, PagedWorld::item(area, read_write)});
    CHECK(static_cast<Error>(world.other.context.rsi >> 12) == Error::illegal_operation);
    enter({world.frame, PagedWorld::item(area, read_only)});
    CHECK(world.goes_on());
    CHECK(world.frame_at(area) == world.cap(world.frame).object());
}

TEST_CASE("a table goes only where nothing is, and the keeper is the one that was asked", "[paging]") {
    Asked world(GENERATE(false, true));
    REQUIRE(world.as_root(world.directory, Method::range_set_keeper, {area, 21, 1, 1, abi::unchanged, 0}).ok());
    CHECK(world.failed({world.make(ObjectType::page_table), area}, Error::delete_first));
}

TEST_CASE("a base reply means: try again, also with capabilities", "[paging]") {
    Asked world(GENERATE(false, true));
    world.run(world.pager);
    world.put_message(world.pager, 3, {1, 2}, {world.frame});
    world.pager.context.r12 = world.reply;
    world.enter(world.pager, Syscall::reply_recv, world.faults);
    CHECK(world.goes_on());
    CHECK(world.client.context.rip == fault_ip);
    CHECK_FALSE(world.entry(area).is_present());
}

TEST_CASE("nothing is mapped into a space that is gone", "[paging]") {
    PagedWorld world;
    const Word pool = world.free_slot(), space = world.make(ObjectType::pml4), frame = world.make(ObjectType::frame_4k);
    REQUIRE(world.as_root(at::asid_control, Method::asid_control_make_pool, {pool, 64}, {at::small_untyped, at::cnode})
                .ok());
    REQUIRE(world.as_root(pool, Method::asid_pool_assign, {}, {space}).ok());
    REQUIRE(world.as_root(space, Method::range_set_keeper, {0, 39, 256, 1, abi::unchanged, 0}).ok());
    REQUIRE(world.as_root(world.client_cap, Method::tcb_set_space, {0, 0}, {world.keepers, at::cnode, space}).ok());
    world.wait_for_faults();
    world.fault(area);
    REQUIRE(world.is_running(world.pager));
    REQUIRE(world.as_root(at::cnode, Method::cnode_delete, {pool, 64}).ok());
    CHECK(world.failed({frame, PagedWorld::item(area, read_only)}, Error::illegal_operation));
}
