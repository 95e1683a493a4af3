// SPDX-License-Identifier: BSD-2-Clause
// The record of paging events: what each kind of event says, by the short ways and the long ones, and how it is read.
#include <support/paged_world.hpp>

#include <abi/paging_event.hpp>
#include <paging_ring.hpp>
#include <support/kernel_host.hpp>

using namespace test;
using abi::PagingCause;
using abi::PagingEvent;
using abi::PagingEventKind;

namespace {

using Kinds = std::vector<PagingEventKind>;

PagingEventKind kind_of(const PagingEvent& event) { return static_cast<PagingEventKind>(event.subject & 255); }
Word thread_of(const PagingEvent& event) { return align_down(event.subject, 2048); }
Word tcb(const Tcb& thread) { return physical(&thread).raw(); }
constexpr Word goes_on = 1 << 11;
Word with_asid(Word what) { return what | Word{1} << 48; }

struct Recorded : PagedWorld {
    Word begin = 0;

    Recorded() {
        keep(area, 16, 1);
        wait_for_faults();
        forget();
    }
    void forget() { begin = paging_ring.written; }
    /// What was written since.
    std::vector<PagingEvent> events() const {
        std::vector<PagingEvent> found;
        for (Word number = begin; number < paging_ring.written; number++)
            found.push_back(paging_event(number));
        return found;
    }
    Kinds kinds() const {
        Kinds found;
        for (const PagingEvent& event : events())
            found.push_back(kind_of(event));
        return found;
    }
    PagingEvent last() const { return paging_event(paging_ring.written - 1); }
    /// The last event is the end of the client's fault at `place`.
    bool ends(PagingEventKind kind, PagingCause cause, Word place = area + 0x10) const {
        return kind_of(last()) == kind && thread_of(last()) == tcb(client) && last().place == place &&
               last().detail == static_cast<Word>(cause);
    }
};

} // namespace

TEST_CASE("a fault that is answered with a page: trap, deliver, map, by the long way and the short", "[paging][ring]") {
    const bool is_passive = GENERATE(false, true);
    Recorded world;
    const Word frame = world.make(ObjectType::frame_4k);
    if (is_passive)
        world.make_pager_passive();
    world.forget();
    world.fault(area + 0x10);
    const Word info = world.info_of(world.pager).raw();
    const Word trapped_at = cpu.now.value;
    world.answer_fault({frame, PagedWorld::item(area, read_write)});

    const auto events = world.events();
    REQUIRE(events.size() == (is_passive ? 3 : 4));
    CHECK(kind_of(events[0]) == PagingEventKind::trap);
    CHECK(events[0].time == trapped_at);
    CHECK(thread_of(events[0]) == tcb(world.client));
    CHECK(events[0].place == area + 0x10);
    CHECK(events[0].detail == (fault_ip << 16 | write_error));
    CHECK(kind_of(events[1]) == PagingEventKind::deliver);
    CHECK(events[1].time == trapped_at);
    CHECK(thread_of(events[1]) == tcb(world.client));
    CHECK(events[1].place == area + 0x10);
    CHECK(events[1].detail == info);
    CHECK(kind_of(events[2]) == PagingEventKind::map);
    CHECK(thread_of(events[2]) == tcb(is_passive ? world.client : world.pager));
    CHECK(events[2].place == (area | 1 << 8 | read_write.raw() | (is_passive ? goes_on : 0)));
    CHECK(events[2].detail == with_asid(world.cap(frame).object().raw() | 1));
    if (!is_passive)
        CHECK(world.ends(PagingEventKind::restart, PagingCause::answered));
}

TEST_CASE("mappings by invocations are one event each, however many pages they reach", "[paging][ring]") {
    Recorded world;
    const Word frames = world.make(ObjectType::frame_4k);
    world.make(ObjectType::frame_4k);
    world.forget();
    REQUIRE(world.as_root(world.table, Method::range_map, {PagedWorld::item(area, read_write), frames, 2, 0}).ok());
    CHECK(kind_of(world.last()) == PagingEventKind::map);
    CHECK(thread_of(world.last()) == tcb(world.root()));
    CHECK(world.last().place == (area | 1 << 8 | read_write.raw()));
    CHECK(world.last().detail == with_asid(2));
    REQUIRE(world.as_root(world.table, Method::range_protect, {area, 12, 2, read_only.raw()}).ok());
    CHECK(kind_of(world.last()) == PagingEventKind::protect);
    CHECK(world.last().place == (area | 1 << 8 | read_only.raw()));
    CHECK(world.last().detail == with_asid(2));
    REQUIRE(world.as_root(frames + 1, Method::page_evict, {0x9'8765'4321}).ok());
    CHECK(kind_of(world.last()) == PagingEventKind::evict);
    CHECK(world.last().place == ((area + 0x1000) | (1 << 8)));
    CHECK(world.last().detail == with_asid(0x9'8765'4321));
    REQUIRE(world.as_root(world.table, Method::range_unmap, {area, 12, 16, 7, 1}).ok());
    CHECK(kind_of(world.last()) == PagingEventKind::unmap);
    CHECK(world.last().place == (area | 1 << 8));
    CHECK(world.last().detail == with_asid(16));
    REQUIRE(world.as_root(frames + 1, Method::page_map, {area + 0x3000, 3, 8}, {at::vspace}).ok());
    REQUIRE(world.as_root(frames + 1, Method::page_unmap).ok());
    CHECK(kind_of(world.last()) == PagingEventKind::unmap);
    CHECK(world.last().detail == with_asid(1));
    CHECK(world.last().place == ((area + 0x3000) | (1 << 8)));
    CHECK(world.kinds().size() == 5);
    REQUIRE(world.as_root(frames + 1, Method::page_unmap).ok()); // nothing was there
    world.keep(area, 16, 2);
    REQUIRE(world.as_root(world.table, Method::range_harvest, {area, 12, 16, 3}).ok());
    CHECK(world.kinds().size() == 5);
}

TEST_CASE("an answer that the kernel refuses is an event with the error and how far it came", "[paging][ring]") {
    Recorded world;
    const Word frame = world.make(ObjectType::frame_4k);
    world.fault(area + 0x10);
    world.answer_fault({frame, PagedWorld::item(area, read_only), frame, PagedWorld::item(area, write_execute)});
    CHECK(kind_of(world.last()) == PagingEventKind::refuse);
    CHECK(thread_of(world.last()) == tcb(world.pager));
    CHECK(world.last().detail == (static_cast<Word>(Error::illegal_operation) << 8 | 1));
}

TEST_CASE("how a page fault ends is told with its cause", "[paging][ring]") {
    Recorded world;
    const auto receive_fault = [&] {
        world.wait_for_faults();
        world.fault(area + 0x10);
    };
    receive_fault();
    world.run(world.pager);
    world.reply_receive(world.pager, world.faults, world.reply, 0);
    CHECK(world.ends(PagingEventKind::restart, PagingCause::answered));
    receive_fault();
    REQUIRE(world.as_root(at::cnode, Method::cnode_recall, {world.reply, 64}).ok());
    CHECK(world.ends(PagingEventKind::restart, PagingCause::recalled));
    receive_fault();
    REQUIRE(world.as_root(world.client_cap, Method::tcb_resume).ok());
    CHECK(world.ends(PagingEventKind::restart, PagingCause::resumed));
    receive_fault();
    REQUIRE(world.as_root(world.client_cap, Method::tcb_suspend).ok());
    CHECK(world.ends(PagingEventKind::kill, PagingCause::ended));
    REQUIRE(world.as_root(world.client_cap, Method::tcb_suspend).ok()); // it has no fault any more
    CHECK(world.ends(PagingEventKind::kill, PagingCause::ended));
    const Word written = paging_ring.written;
    world.empty_keeper(1);
    world.empty_keeper(0);
    CHECK(paging_ring.written == written);
    world.fault(area + 0x10);
    CHECK(world.client.state == ThreadState::stopped);
    CHECK(world.ends(PagingEventKind::kill, PagingCause::nobody));
}

TEST_CASE("a fault that nobody took yet is let go when its endpoint is, or when the tables permit it",
          "[paging][ring]") {
    Recorded world;
    const Word frame = world.make(ObjectType::frame_4k);
    REQUIRE(world.as_root(world.pager_cap, Method::tcb_suspend).ok());
    world.fault(area + 0x10);
    CHECK(kind_of(world.last()) == PagingEventKind::trap);
    REQUIRE(world.as_root(frame, Method::page_map, {area, 3, 8}, {at::vspace}).ok());
    REQUIRE(world.as_root(world.pager_cap, Method::tcb_resume).ok());
    world.wait_for_faults();
    CHECK(world.ends(PagingEventKind::restart, PagingCause::settled));
    REQUIRE(world.as_root(world.pager_cap, Method::tcb_suspend).ok());
    world.fault(area + 0x10);
    REQUIRE(world.as_root(at::cnode, Method::cnode_cancel_badged_sends, {world.faults, 64}).ok());
    world.empty_keeper(1);
    REQUIRE(world.as_root(at::cnode, Method::cnode_delete, {world.faults, 64}).ok());
    CHECK(world.ends(PagingEventKind::restart, PagingCause::released));
}

TEST_CASE("events of exceptions have their vector, and say when the handler lets the thread stop", "[paging][ring]") {
    Recorded world;
    world.run(world.client);
    world.exception(13, fault_ip, 0x18);
    CHECK(kind_of(world.last()) == PagingEventKind::exception);
    CHECK(world.last().place == 13);
    CHECK(world.last().detail == (fault_ip << 16 | 0x18));
    REQUIRE(world.is_running(world.supervisor));
    world.reply_receive(world.supervisor, world.supervised, world.supervisor_reply, 1);
    CHECK(world.ends(PagingEventKind::kill, PagingCause::refused, 13));
}

TEST_CASE("a handler that is an endpoint has the fault with its error code alone", "[paging][ring]") {
    const bool is_passive = GENERATE(false, true);
    Recorded world;
    REQUIRE(world.set_space(world.faults).ok());
    if (is_passive)
        world.make_pager_passive();
    world.forget();
    world.fault(area + 0x10);
    CHECK(world.kinds() == Kinds{PagingEventKind::trap, PagingEventKind::deliver});
    CHECK(world.last().detail == write_error);
    world.run(world.pager);
    world.reply_receive(world.pager, world.faults, world.reply, 0);
    CHECK(world.ends(PagingEventKind::restart, PagingCause::answered));
}

TEST_CASE("DomainSet.ReadEvents shows what is still there, and a gap by its number", "[paging][ring]") {
    Recorded world;
    const auto read = [&](Word from) { return world.as_root(at::domain_set, Method::domain_set_read_events, {from}); };
    note(PagingEventKind::trap, world.client, 0, 0);
    const Word written = paging_ring.written;
    const CallResult first = read(0);
    REQUIRE(first.ok());
    CHECK(first.words.size() == 2 + 4 * written);
    CHECK(first.words[0] == written);
    CHECK(first.words[1] == 0);
    CHECK(first.words[3] == (tcb(world.client) | static_cast<Word>(PagingEventKind::trap)));
    CHECK(read(written).words == Words{written, written});
    CHECK(read(~Word{0}).words == Words{written, written});
    for (unsigned i = 0; i < 300; i++)
        note(PagingEventKind::trap, world.client, i, 0);
    const CallResult gap = read(written);
    REQUIRE(gap.words.size() == 2 + 4 * abi::max_events);
    CHECK(gap.words[0] == written + 300);
    CHECK(gap.words[1] == written + 300 - abi::paging_ring_size);
    for (unsigned i = 0; i < abi::max_events; i++)
        CHECK(gap.words[2 + 4 * i + 2] == 300 - abi::paging_ring_size + i);
    CHECK(read(255).words.size() == 2 + 4 * 1); // the ring begins anew behind it
    const CallResult tail = read(written + 298);
    CHECK(tail.words.size() == 2 + 4 * 2);
    CHECK(tail.words[4] == 298);
    world.run(world.root());
    world.root().context.r8 = 0x77;
    world.send(world.root(), at::domain_set, static_cast<Word>(Method::domain_set_read_events), {0});
    CHECK(world.root().context.r8 == 0x77);
    CHECK(world.as_root(at::domain_set, Method::domain_set_read_events) == Error::truncated_message);
    CHECK(world.as_root(at::sched_control, Method::domain_set_read_events, {0}) == Error::illegal_operation);
}

TEST_CASE("the ring has the layout that debuggers know; a panic shows its last events", "[paging][ring]") {
    Recorded world;
    const auto* const bytes = reinterpret_cast<const char*>(&paging_ring);
    CHECK(std::string_view(bytes, 8) == "UMBRAPGE");
    CHECK(*reinterpret_cast<const Word*>(bytes + 8) == paging_ring.written);
    CHECK(*reinterpret_cast<const uint32_t*>(bytes + 16) == 32);
    CHECK(*reinterpret_cast<const uint32_t*>(bytes + 20) == 256);
    world.fault(area + 0x10);
    const Word number = paging_ring.written - 2;
    CHECK(reinterpret_cast<const Word*>(bytes + 32 + 32 * number)[2] == area + 0x10);
    host_log.clear();
    log_paging_events(1);
    CHECK(host_log.find("1 -0 us deliver TCB ") != std::string::npos);
    CHECK(host_log.find("trap") == std::string::npos);
    log_paging_events(16);
    CHECK(host_log.find("0 -0 us trap TCB ") != std::string::npos);
}
