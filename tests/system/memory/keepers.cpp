// SPDX-License-Identifier: BSD-2-Clause
// The paging extension on a real MMU: the test is the pager of a client's memory. What the CPU notes in entries, and what it may
// have cached of them, is seen here only.
#include <sys/cap/range.hpp>
#include <sys/ipc/pager.hpp>
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using sys::EntryRange;
using sys::KeeperFault;
using sys::PageAccess;
using sys::PageRights;
using sys::Place;
using test::Cap;
using test::page_size;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

constexpr Word heap = 0x600000; ///< in the page table that the client's code is in
constexpr PageRights read_only{2}, read_write{3};

sys::UserRegisters with_rdi(Word value, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = value;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

/// A client all of whose faults come here, page faults of its heap by way of keeper 1.
struct Kept {
    Subject client;
    Cap<sys::CNode> keepers;

    sys::Result<void> make() {
        TRY(client.make());
        keepers = TRY(sys::make_object<sys::CNode>(test::space(), test::arena(), 1));
        for (Word slot : {0, 1})
            TRY(keepers->at(slot, 1).copy_from(test::own_cnode().at(client.victim.faults().slot())));
        TRY(client.victim.tcb().set_space(keepers, client.victim.cnode(), 0, space()));
        // One page makes the tables; it leaves again.
        const sys::Frame first = TRY(client.victim.space().map_new(heap, PageAccess::read_write()));
        TRY(first.unmap());
        return keep(heap, 16);
    }
    sys::VSpace space() { return client.victim.space().root(); }
    sys::PageTables tables() { return sys::PageTables(sys::Object(space())); }
    sys::PagerPort port() { return {client.victim.faults(), client.victim.reply_object()}; }
    sys::Result<void> keep(Word address, Word count, Word cookie = abi::unchanged) {
        for (Word done = 0; done < count;)
            done += TRY(tables().set_keeper({address + done * page_size, count - done}, 1, cookie));
        return {};
    }
    /// Runs a snippet until its first message.
    sys::Received run(const uint8_t* snippet, Word rdi, Word rsi = 0) {
        if (!client.victim.start(snippet, with_rdi(rdi, rsi)))
            return {};
        return port().receive();
    }
    /// The client stops where it is, so that it can be started anew.
    bool stop() { return static_cast<bool>(client.victim.tcb().suspend()); }
    /// It touched what it may: the UD2 behind.
    static bool is_done(const sys::Received& message) {
        return message.label() == static_cast<Word>(abi::Fault::user_exception) && message.mr3 == 6;
    }
    bool runs_through(const uint8_t* snippet, Word rdi, Word rsi = 0) {
        const bool done = is_done(run(snippet, rdi, rsi));
        return stop() && done;
    }
};

} // namespace

SYSTEM_TEST("keepers: a page fault is told to the keeper, and answered by its mapping") {
    Kept kept;
    REQUIRE_OK(kept.make());
    REQUIRE_OK(kept.keep(heap + page_size, 1, 0x1234));
    const sys::Received message = kept.run(snippet_store, heap + page_size + 8, 77);
    REQUIRE(KeeperFault::is_one(message));
    const auto fault = KeeperFault::from(message);
    CHECK_EQUAL(fault.address, heap + page_size + 8);
    CHECK_EQUAL(fault.instruction, Victim::address_of(snippet_store));
    CHECK_EQUAL(fault.cookie, 0x1234);
    CHECK_EQUAL(fault.info.keeper(), 1);
    CHECK_EQUAL(fault.info.level(), 1);
    CHECK(fault.info.is_write());
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    const auto refused = kept.port().map_receive(frame, Place(heap + page_size, read_write));
    CHECK(!refused && refused.error() == abi::Error::delete_first); // the cookie
    const auto next = kept.port().map_receive(frame, Place(heap + page_size, read_write, 0, true));
    REQUIRE_OK(next);
    CHECK(Kept::is_done(*next));
    REQUIRE_VALUE(view, test::View::of(frame));
    CHECK_EQUAL(view.words()[1], 77);
    // Outside of its region the keeper maps nothing.
    REQUIRE(kept.stop());
    REQUIRE(KeeperFault::is_one(kept.run(snippet_store, heap)));
    REQUIRE_VALUE(other, sys::make_object<sys::Frame>(test::space(), test::arena()));
    const auto outside = kept.port().map_receive(other, Place(heap + 16 * page_size, read_write));
    CHECK(!outside && outside.error() == abi::Error::range_error);
}

SYSTEM_TEST("keepers: what the CPU notes is harvested, and noted again once it was forgotten") {
    Kept kept;
    REQUIRE_OK(kept.make());
    for (Word page = 1; page < 4; ++page)
        REQUIRE_OK(kept.client.victim.space().map_new(heap + page * page_size, PageAccess::read_write()));
    REQUIRE(kept.runs_through(snippet_load, heap + page_size));
    REQUIRE(kept.runs_through(snippet_store, heap + 3 * page_size, 5));
    const EntryRange range{heap, 4};
    for (unsigned round = 0; round < 3; ++round) {
        REQUIRE_VALUE(noted, kept.tables().harvest(range, abi::was_accessed | abi::was_dirty));
        CHECK_EQUAL(noted.done, 4);
        CHECK_EQUAL(noted.accessed.words[0], 0b1010);
        CHECK_EQUAL(noted.dirty.words[0], round == 1 ? 0b0010 : 0b1000);
        // No translation that remembers the bits is left: what is touched is noted.
        const uint8_t* const first = round == 0 ? snippet_store : snippet_load;
        const uint8_t* const second = round == 0 ? snippet_load : snippet_store;
        REQUIRE(kept.runs_through(first, heap + page_size, 6));
        REQUIRE(kept.runs_through(second, heap + 3 * page_size, 7));
    }
}

SYSTEM_TEST("keepers: a range that is protected or unmapped is so at once; dirty bits are exact") {
    Kept kept;
    REQUIRE_OK(kept.make());
    for (Word page = 1; page < 4; ++page)
        REQUIRE_OK(kept.client.victim.space().map_new(heap + page * page_size, PageAccess::read_write()));
    REQUIRE(kept.runs_through(snippet_store, heap + 2 * page_size, 1));
    REQUIRE(kept.runs_through(snippet_load, heap + 3 * page_size));
    const EntryRange range{heap, 4};
    REQUIRE_OK(kept.tables().protect(range, read_only));
    CHECK(kept.runs_through(snippet_load, heap + 2 * page_size));
    const sys::Received denied = kept.run(snippet_store, heap + 2 * page_size, 2);
    REQUIRE(KeeperFault::is_one(denied));
    CHECK(KeeperFault::from(denied).info.was_present());
    REQUIRE(kept.stop());
    REQUIRE_VALUE(unmapped, kept.tables().unmap(range, 0x100, 1));
    CHECK_EQUAL(unmapped.done, 4);
    CHECK_EQUAL(unmapped.dirty.words[0], 0b0100);
    const sys::Received gone = kept.run(snippet_load, heap + 2 * page_size);
    REQUIRE(KeeperFault::is_one(gone));
    CHECK_EQUAL(KeeperFault::from(gone).cookie, 0x102);
    CHECK(!KeeperFault::from(gone).info.was_present());
    REQUIRE(kept.stop());
}

SYSTEM_TEST("keepers: a page that is shared becomes the writer's own in one answer") {
    Kept kept;
    REQUIRE_OK(kept.make());
    REQUIRE_VALUE(shared, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_VALUE(own, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_PLACE(copy);
    const sys::Object slot(copy.number());
    const Word page = heap + 2 * page_size;
    REQUIRE(KeeperFault::is_one(kept.run(snippet_load, page)));
    const sys::MapItem share[] = {{shared, Place(page, read_only, 0, false, true), slot}};
    const auto loaded = kept.port().map_receive(share);
    REQUIRE_OK(loaded);
    CHECK(Kept::is_done(*loaded));
    REQUIRE(kept.stop());
    REQUIRE(KeeperFault::is_one(kept.run(snippet_store, page, 9)));
    const sys::MapItem give[] = {{own, Place(page, read_write, 0, true, true), slot}};
    const auto stored = kept.port().map_receive(give);
    REQUIRE_OK(stored);
    CHECK(Kept::is_done(*stored));
    REQUIRE(kept.stop());
    REQUIRE_VALUE(view, test::View::of(own));
    CHECK_EQUAL(view.words()[0], 9);
    REQUIRE_VALUE(before, test::View::of(shared));
    CHECK_EQUAL(before.words()[0], 0);
    REQUIRE_OK(test::own_cnode().at(copy.number()).remove());
    CHECK(KeeperFault::is_one(kept.run(snippet_load, page))); // deleted, its page is unmapped
    REQUIRE(kept.stop());
}

SYSTEM_TEST("keepers: a fault whose pager is gone is told to the next, by the tables as they are") {
    Kept kept;
    REQUIRE_OK(kept.make());
    REQUIRE(KeeperFault::is_one(kept.run(snippet_store, heap, 3)));
    // What init does for a dead pager: the waiter repeats its instruction.
    REQUIRE_OK(test::own_cnode().at(kept.client.victim.reply_object().slot()).recall());
    const sys::Received again = kept.port().receive();
    REQUIRE(KeeperFault::is_one(again));
    CHECK_EQUAL(KeeperFault::from(again).info.repeats(), 1);
    // Without any keeper left the supervisor hears of it.
    REQUIRE_OK(kept.keepers->at(1, 1).remove());
    REQUIRE_OK(test::own_cnode().at(kept.client.victim.reply_object().slot()).recall());
    const sys::Received supervised = kept.port().receive();
    REQUIRE(KeeperFault::is_one(supervised));
    CHECK(KeeperFault::from(supervised).info.why() == abi::WhySupervisor::no_endpoint);
    REQUIRE(kept.stop());
}
