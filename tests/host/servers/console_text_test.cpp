// SPDX-License-Identifier: BSD-2-Clause
// The console's words for paging events, table entries, threads and capabilities; the words behind a command.
#include <catch.hpp>
#include <servers/console/arguments.hpp>
#include <servers/console/event_text.hpp>
#include <set>
#include <string>

using abi::PagingCause;
using abi::PagingEventKind;
using console::Arguments;
using sys::Word;
namespace process = sys::protocol::process;

namespace {

template <class Describe, class... What>
std::string text_of(Describe describe, const What&... what) {
    char storage[200];
    sys::TextBuffer text(storage);
    describe(text, what...);
    return std::string(text.text());
}

std::string event(PagingEventKind kind, Word place, Word detail) {
    constexpr Word tcb = 0x4b'e000;
    return text_of(console::describe_event, sys::PagingEventView({1, tcb | static_cast<Word>(kind), place, detail}));
}
std::string end(PagingEventKind kind, PagingCause cause) { return event(kind, 0x5008, static_cast<Word>(cause)); }
std::string entry(Word raw, unsigned level) {
    return text_of(console::describe_entry, sys::pager::TableEntry(raw), level);
}

constexpr Word asid = Word{7} << 48;

} // namespace

TEST_CASE("a trap says what was tried, from where, and why it failed", "[console]") {
    const auto trap = [](Word error_code) {
        return event(PagingEventKind::trap, 0x5008, Word{0x40'0746} << 16 | error_code);
    };
    CHECK(trap(4) == "read 0x5008 at ip 0x400746: nothing is there");
    CHECK(trap(7) == "write 0x5008 at ip 0x400746: what is there does not permit it");
    CHECK(trap(0x14) == "execute 0x5008 at ip 0x400746: nothing is there");
    CHECK(trap(0xd) == "read 0x5008 at ip 0x400746: a reserved bit is set in its page tables");
    CHECK(event(PagingEventKind::exception, 13, Word{0xffff'8000'0000'1234} << 16 | 0x18) ==
          "exception 13 at ip 0xffff800000001234, error code 0x18");
}

TEST_CASE("a delivery says who was told and why, repetitions, and a livelock by its name", "[console]") {
    const auto deliver = [](abi::WhySupervisor why, Word denial = 0, Word repeats = 0, Word level = 1) {
        return event(PagingEventKind::deliver, 0x5000,
                     level << 8 | 1 << 14 | static_cast<Word>(why) << 21 | denial << 24 | repeats << 32);
    };
    CHECK(deliver(abi::WhySupervisor::is_not) == "fault at 0x5000 told to keeper 1");
    CHECK(deliver(abi::WhySupervisor::is_not, 0, 0, 0) == "fault at 0x5000 told to its fault handler");
    CHECK(deliver(abi::WhySupervisor::no_keeper) == "fault at 0x5000 told to the supervisor: no keeper is in force");
    CHECK(deliver(abi::WhySupervisor::no_endpoint) ==
          "fault at 0x5000 told to the supervisor: keeper 1 cannot be told");
    CHECK(deliver(abi::WhySupervisor::denied, 1) ==
          "fault at 0x5000 told to the supervisor: keeper 1 refused, nothing is mapped there");
    CHECK(deliver(abi::WhySupervisor::is_not, 0, 7) == "fault at 0x5000 told to keeper 1, the same 7 times before");
    CHECK(deliver(abi::WhySupervisor::is_not, 0, 8) ==
          "fault at 0x5000 told to keeper 1, the same 8 times before: a livelock");
}

TEST_CASE("changes of the tables are told with place, rights and memory", "[console]") {
    CHECK(event(PagingEventKind::map, 0x5903, asid | 0x12'3001) ==
          "gets 1 page at 0x5000 rw- (memory 0x123000), and goes on");
    CHECK(event(PagingEventKind::map, 0x5106, asid | 16) == "maps 16 pages at 0x5000 r-x");
    CHECK(event(PagingEventKind::map, 0x20'0200, asid | 0x12'3001) ==
          "maps a page table at 0x200000 (memory 0x123000)");
    CHECK(event(PagingEventKind::unmap, 0x5100, asid | 512) == "unmaps up to 512 pages from 0x5000");
    CHECK(event(PagingEventKind::evict, 0x5100, asid | 0x99) == "evicts 0x5000, leaves cookie 0x99");
    CHECK(event(PagingEventKind::protect, 0x5102, asid | 3) == "leaves 3 pages from 0x5000 at most r--");
    CHECK(event(PagingEventKind::refuse, 0, 8 << 8 | 2) == "its answer is refused after 2 items: error 8");
    CHECK(event(static_cast<PagingEventKind>(99), 0, 0) == "event of kind 99");
}

TEST_CASE("the end of a fault is told with its cause", "[console]") {
    CHECK(end(PagingEventKind::restart, PagingCause::answered) ==
          "goes on after its fault at 0x5008: its handler answered");
    CHECK(end(PagingEventKind::restart, PagingCause::settled) ==
          "goes on after its fault at 0x5008: the tables permit it by now");
    CHECK(end(PagingEventKind::kill, PagingCause::nobody) == "stops with its fault at 0x5008: nobody can be told");
    CHECK(end(PagingEventKind::kill, PagingCause::ended) == "stops with its fault at 0x5008: it was ended");
    std::set<std::string> all;
    for (Word cause = 0; cause <= 8; ++cause)
        all.insert(end(PagingEventKind::kill, static_cast<PagingCause>(cause)));
    CHECK(all.size() == 9);
}

TEST_CASE("a table entry is told by level", "[console]") {
    CHECK(entry(0x0010'0000'006d'e027, 4) == "table 0x6de000, keeper 1");
    CHECK(entry(0x8000'0000'006d'c067, 1) == "page 0x6dc000 rw-, read, written");
    CHECK(entry(0x6d'c005, 1) == "page 0x6dc000 r-x");
    CHECK(entry(0x6d'c001, 1) == "page 0x6dc000 r-x, the kernel's alone");
    CHECK(entry(0x20'1087, 2) == "page 0x200000 rwx");
    CHECK(entry(0, 2) == "not present");
    CHECK(entry(0x005f'f800'0000'0080, 1) == "not present, cookie 0x1, keeper 5");
}

TEST_CASE("threads and capabilities in words", "[console]") {
    process::Threads::Thread thread;
    thread.state = static_cast<uint8_t>(abi::StatusState::receiving);
    CHECK(text_of(console::describe_thread, thread) == "for a message");
    thread.state = static_cast<uint8_t>(abi::StatusState::awaiting_reply);
    thread.fault = static_cast<uint8_t>(abi::Fault::keeper_fault);
    thread.about = 0x5008;
    CHECK(text_of(console::describe_thread, thread) == "page fault at 0x5008, for an answer");
    thread.fault = static_cast<uint8_t>(abi::Fault::user_exception);
    thread.about = 6;
    CHECK(text_of(console::describe_thread, thread) == "exception 6, for an answer");
    const auto held = [](abi::InspectedSlot what, Word object, Word detail) {
        return text_of(console::describe_capability, process::Capabilities::Held{3, what.raw(), object, detail});
    };
    CHECK(held({abi::SlotType::endpoint, 4, 9, false, 0}, 0x1000, 0) == "endpoint, may send, call, 16 bytes at 0x1000");
    CHECK(held({abi::SlotType::frame, 12, 3, true, 7}, 0x1000, 0x40'0000) ==
          "frame, may read, write, 4096 bytes at 0x1000, mapped at 0x400000");
    CHECK(held({abi::SlotType::notification, 6, 15, false, 0}, 0x40, 0) ==
          "notification, may signal, wait, 64 bytes at 0x40");
    CHECK(held({abi::SlotType::endpoint, 4, 15, false, 0}, 0x1000, 0) ==
          "endpoint, may send, receive, call, hand capabilities on, 16 bytes at 0x1000");
    CHECK(held({static_cast<abi::SlotType>(19), 0, 0, false, 0}, 0, 0) == "I/O ports");
    CHECK(held({static_cast<abi::SlotType>(99), 0, 0, false, 0}, 0, 0) == "unknown");
}

TEST_CASE("the words behind a command, and numbers among them", "[console]") {
    Arguments words("  5   0x400Z  0xff 18446744073709551616 ");
    CHECK(words.number() == Word{5});
    CHECK_FALSE(words.number());
    CHECK(words.number() == Word{255});
    CHECK_FALSE(words.number());
    CHECK_FALSE(words.number());
    CHECK(Arguments("").word().empty());
    CHECK_FALSE(Arguments("0x").number());
    CHECK(Arguments("18446744073709551615").number() == ~Word{0});
    CHECK_FALSE(Arguments("5a").number());
    CHECK(Arguments("one two").word() == "one");
}
