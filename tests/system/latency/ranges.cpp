// SPDX-License-Identifier: BSD-2-Clause
// The paging extension where it has most to do: whole page tables and full answers, every pointer of as many steps as the
// kernel takes without a look for interrupts.
#include <abi/paging.hpp>
#include <sys/cap/range.hpp>
#include <sys/ipc/pager.hpp>
#include <tests/system/latency/stretch.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::Place;
using test::Subject;
using test::Word;

namespace {

constexpr Word heap = 0x600000;
constexpr Word pages = abi::max_range;
constexpr abi::PageRights read_write{3};

/// A CSpace whose CNode of 16 slots holds itself in the first and another of 4096 in the second: 14 steps to each of these.
struct SteepSpace {
    static constexpr unsigned node_bits = 4, end_bits = 12;
    static constexpr Word frames = 0, copies = 1024, nothing = 2048, vspace = 4000, endpoint = 4001, reply = 4002;
    test::Cap<sys::CNode> node, end;

    static Word pointer(Word slot) { return Word{1} << end_bits | slot; }

    sys::Result<void> make(sys::Untyped memory, Subject& client) {
        node = TRY(sys::make_object<sys::CNode>(test::space(), memory, node_bits));
        end = TRY(sys::make_object<sys::CNode>(test::space(), memory, end_bits));
        TRY(node->at(0, node_bits).copy_from(node.ref()));
        TRY(node->at(1, node_bits).copy_from(end.ref()));
        for (Word first = 0; first < pages; first += abi::max_retype_count)
            TRY(memory.retype(abi::ObjectType::frame_4k, 0, sys::SlotRef{end, 0, 0}, frames + first,
                              abi::max_retype_count));
        TRY(give(vspace, client.victim.space().root()));
        TRY(give(endpoint, client.victim.faults()));
        return give(reply, client.victim.reply_object());
    }
    sys::Result<void> give(Word slot, sys::Object object) {
        return end->at(slot, end_bits).copy_from(test::own_cnode().at(object.slot()));
    }
    template <class Body>
    sys::Result<void> start(test::Thread& thread, sys::Untyped memory, Body& body) {
        TRY(thread.prepare(memory, body, {.priority = test::above}));
        TRY(thread.tcb().set_space({}, node, 0, test::own_space()));
        return thread.tcb().resume();
    }
};

/// The client's code makes the page table that the heap is in, too.
sys::Result<void> make_heap(Subject& client) {
    TRY(client.make());
    return TRY(client.victim.space().map_new(heap, sys::PageAccess::read_write())).unmap();
}

/// Repeats a call until it has done all of a range.
template <class Call>
void repeat(Word all, const Call& call) {
    for (Word done = 0; done < all;) {
        const test::Answer answer = call(done);
        if (!CHECK(answer.label == 0 && answer.words[0] > 0))
            return;
        done += answer.words[0];
    }
}

} // namespace

SYSTEM_TEST("calls on whole page tables look up 1024 pointers of 14 steps") {
    REQUIRE_VALUE(memory, test::make_untyped(22));
    Subject client;
    REQUIRE_OK(make_heap(client));
    SteepSpace steep;
    REQUIRE_OK(steep.make(memory, client));
    bool done = false;
    auto body = [&] {
        const Word space = steep.pointer(steep.vspace);
        const auto map = [&](Word slot, Word first) {
            return test::invoke(space, Invocation::range_map,
                                {Place(heap + first * test::page_size, read_write, 0, false, true).raw(),
                                 steep.pointer(slot + first), pages - first, steep.pointer(steep.copies + first)});
        };
        const auto call = [&](Invocation method, std::initializer_list<Word> rest) {
            repeat(pages, [&](Word first) {
                Word words[6] = {heap + first * test::page_size, abi::page_bits, pages - first};
                std::copy(rest.begin(), rest.end(), words + 3);
                return test::invoke(space, static_cast<Word>(method), std::span<const Word>(words, 3 + rest.size()),
                                    {});
            });
        };
        CHECK_STRETCH(repeat(pages, [&](Word first) { return map(steep.nothing, first); }));
        CHECK_STRETCH(repeat(pages, [&](Word first) { return map(steep.frames, first); }));
        CHECK_STRETCH(call(Invocation::range_protect, {2}));
        CHECK_STRETCH(call(Invocation::range_harvest, {3}));
        CHECK_STRETCH(call(Invocation::range_set_keeper, {1, abi::unchanged, 0}));
        CHECK_STRETCH(call(Invocation::range_unmap, {1, 1}));
        CHECK_STRETCH(test::invoke(space, Invocation::range_read, {heap, abi::page_bits, pages}));
        CHECK_STRETCH(test::invoke(steep.pointer(0), Invocation::cnode_inspect, {steep.pointer(steep.copies), 64, 39}));
        done = true;
        for (;;)
            sys::Endpoint(steep.pointer(steep.endpoint)).receive(sys::Reply(steep.pointer(steep.reply)));
    };
    test::Thread thread;
    REQUIRE_VALUE(stack, test::make_untyped(16));
    REQUIRE_OK(steep.start(thread, stack, body));
    CHECK(test::wait_until([&] { return static_cast<volatile bool&>(done); }));
    CHECK_OK(memory.ref().revoke());
}

SYSTEM_TEST("an answer maps twenty copies, its sixty pointers of 14 steps") {
    REQUIRE_VALUE(memory, test::make_untyped(22));
    Subject client;
    REQUIRE_OK(make_heap(client));
    SteepSpace steep;
    REQUIRE_OK(steep.make(memory, client));
    REQUIRE_VALUE(keepers, sys::make_object<sys::CNode>(test::space(), memory, 1));
    for (Word slot : {0, 1})
        REQUIRE_OK(keepers->at(slot, 1).copy_from(test::own_cnode().at(client.victim.faults().slot())));
    REQUIRE_OK(client.victim.tcb().set_space(keepers, client.victim.cnode(), 0, client.victim.space().root()));
    REQUIRE_OK(sys::PageTables(sys::Object(client.victim.space().root())).set_keeper({heap, abi::max_items}, 1));
    Word answered = 0;
    auto serves = [&] {
        const sys::PagerPort port(sys::Endpoint(steep.pointer(steep.endpoint)), sys::Reply(steep.pointer(steep.reply)));
        if (!CHECK(sys::KeeperFault::is_one(port.receive())))
            return;
        sys::MapItem items[abi::max_items];
        for (Word i = 0; i < abi::max_items; ++i)
            items[i] = {sys::Object(steep.pointer(steep.frames + i)),
                        Place(heap + i * test::page_size, read_write, 0, false, true),
                        sys::Object(steep.pointer(steep.copies + i))};
        const auto next = port.map_receive(items); // the client comes to its end
        answered = next ? next->label() : ~Word{0};
        for (;;)
            static_cast<void>(port.receive());
    };
    test::Thread pager;
    REQUIRE_VALUE(stack, test::make_untyped(16));
    REQUIRE_OK(steep.start(pager, stack, serves));
    sys::UserRegisters registers;
    registers[abi::UserRegister::rdi] = heap;
    test::take_longest_stretch();
    REQUIRE_OK(client.victim.start(snippet_store, registers));
    CHECK(test::wait_until([&] { return static_cast<volatile Word&>(answered) != 0; }));
    test::check_longest_stretch(TEST_WHERE("an answer of twenty copies"));
    CHECK_EQUAL(answered, static_cast<Word>(abi::Fault::user_exception));
    CHECK_OK(memory.ref().revoke());
}
