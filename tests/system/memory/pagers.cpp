// SPDX-License-Identifier: BSD-2-Clause
// A pager of this test's own, and what happens to its clients and to everybody else when it answers, refuses, blocks or dies.
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using sys::PageAccess;
using test::Cap;
using test::Fault;
using test::page_size;
using test::Subject;
using test::Thread;
using test::Victim;
using test::Word;

namespace {

constexpr Word heap = 0x600000;

/// What the pager thread works with; it serves one client.
struct Pager {
    sys::Endpoint faults;
    sys::Reply reply;
    test::AddressSpace* client = nullptr;
    volatile Word served = 0;
    volatile bool hang = false;
};

Pager* pager;

/// Maps a zeroed page wherever the client faults, until it is told to hang.
void serve_faults(Word) {
    sys::Received received = pager->faults.receive(pager->reply);
    for (;;) {
        while (pager->hang)
            test::yield();
        const Fault fault = test::to_fault(received);
        const bool ours =
            fault.kind == abi::Fault::vm_fault && fault.address() >= heap && fault.address() < heap + 0x10000;
        if (ours && pager->client->map_new(fault.address() & ~(page_size - 1), PageAccess::read_write())) {
            pager->served = pager->served + 1;
            received = pager->faults.reply_receive({}, pager->reply);
        } else {
            received = pager->faults.receive(pager->reply); // refused: the client stays stopped
        }
    }
}

sys::UserRegisters with_rdi(Word value, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = value;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

/// A client whose page faults go to `pager`, other faults too.
struct Paged {
    Subject client;
    Pager state;
    Cap<sys::Untyped> pager_memory;

    sys::Result<void> make() {
        TRY(client.make());
        pager_memory = TRY(test::make_untyped(16));
        state.faults = client.victim.faults();
        state.reply = client.victim.reply_object();
        state.client = &client.victim.space();
        pager = &state;
        return {};
    }
    bool came_to_its_end() {
        return client.victim.registers()[UserRegister::rip] == Victim::address_of(snippet_store) + 3;
    }
};

} // namespace

SYSTEM_TEST(
    "behaviour 14: first touch is a message with address, access and IP; once mapped the instruction completes") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const Fault fault = subject.victim.run(snippet_store, with_rdi(heap + 8, 77));
    REQUIRE(fault.kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault.length, abi::vm_fault::length);
    CHECK_EQUAL(fault.address(), heap + 8);
    CHECK_EQUAL(fault.ip(), Victim::address_of(snippet_store));
    CHECK_EQUAL(fault.error_code(), test::page_fault::write | test::page_fault::user);
    REQUIRE_VALUE(frame, subject.victim.space().map_new(heap, PageAccess::read_write()));
    subject.victim.reply();
    REQUIRE(subject.victim.next_fault().value_or(Fault{}).is_done());
    REQUIRE_VALUE(view, test::View::of(frame));
    CHECK_EQUAL(view.words()[1], 77);
}

SYSTEM_TEST("behaviour 14: a pager thread serves its client's faults by IPC, page after page") {
    Paged paged;
    REQUIRE_OK(paged.make());
    Thread server;
    REQUIRE_OK(server.start(paged.pager_memory, serve_faults, 0));
    for (Word page = 0; page < 8; ++page) {
        REQUIRE_OK(paged.client.victim.start(snippet_store, with_rdi(heap + page * page_size, page)));
        REQUIRE(test::wait_until([&] { return paged.state.served == page + 1 && paged.came_to_its_end(); }));
    }
}

SYSTEM_TEST("behaviour 15: a pager that hangs stops its own clients only, and goes on where it was") {
    Paged paged;
    REQUIRE_OK(paged.make());
    Thread server;
    REQUIRE_OK(server.start(paged.pager_memory, serve_faults, 0));
    paged.state.hang = true;
    REQUIRE_OK(paged.client.victim.start(snippet_store, with_rdi(heap, 1)));
    CHECK(!test::wait_until([&] { return paged.came_to_its_end(); }, 30));
    Subject other;
    REQUIRE_OK(other.make());
    for (unsigned i = 0; i < 50; ++i)
        REQUIRE(other.victim.run(snippet_done).is_done());
    paged.state.hang = false;
    CHECK(test::wait_until([&] { return paged.came_to_its_end(); }));
}

SYSTEM_TEST("behaviour 15: a pager that dies stops its own clients only, and a new one serves old and new faults") {
    Paged paged;
    REQUIRE_OK(paged.make());
    {
        Thread first;
        REQUIRE_OK(first.start(paged.pager_memory, serve_faults, 0));
        REQUIRE_OK(paged.client.victim.start(snippet_store, with_rdi(heap, 1)));
        REQUIRE(test::wait_until([&] { return paged.came_to_its_end(); }));
    } // deleted while it waits for the next fault
    Subject other;
    REQUIRE_OK(other.make());
    for (unsigned i = 0; i < 50; ++i)
        REQUIRE(other.victim.run(snippet_done).is_done());
    REQUIRE_OK(paged.client.victim.start(snippet_store, with_rdi(heap + page_size, 2))); // queues: nobody receives
    CHECK(!test::wait_until([&] { return paged.came_to_its_end(); }, 20));
    Thread second;
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_OK(second.start(memory, serve_faults, 0));
    REQUIRE(test::wait_until([&] { return paged.came_to_its_end(); }));
    REQUIRE_OK(paged.client.victim.start(snippet_store, with_rdi(heap + 2 * page_size, 3)));
    CHECK(test::wait_until([&] { return paged.came_to_its_end(); }));
    CHECK_EQUAL(paged.state.served, 3);
}

SYSTEM_TEST("behaviour 15: a pager that maps nothing faults its client again, not the kernel") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.start(snippet_store, with_rdi(heap)));
    for (unsigned i = 0; i < 100; ++i) {
        const auto fault = subject.victim.next_fault();
        REQUIRE(fault.has_value());
        REQUIRE(CHECK_EQUAL(fault->address(), heap));
        subject.victim.reply();
    }
}
