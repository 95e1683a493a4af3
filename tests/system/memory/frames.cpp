// SPDX-License-Identifier: BSD-2-Clause
// Mapped frames: what ring 3 sees of them, and what becomes of a mapping when something around it changes.
#include <sys/cap/asid.hpp>
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::UserRegister;
using sys::PageAccess;
using sys::Rights;
using test::Cap;
using test::Fault;
using test::invoke;
using test::page_size;
using test::Subject;
using test::Victim;
using test::View;
using test::Word;

namespace {

constexpr Word somewhere = 0x600000; // two page tables behind a victim's code
constexpr Word large_size = Word{1} << abi::large_page_bits;

sys::UserRegisters with(Word rdi, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = rdi;
    registers[UserRegister::rsi] = rsi;
    return registers;
}
bool can_load(Subject& subject, Word address) { return subject.victim.run(snippet_load, with(address)).is_done(); }
bool can_store(Subject& subject, Word address, Word value = 1) {
    return subject.victim.run(snippet_store, with(address, value)).is_done();
}
/// What a victim reads there; ~0 if it cannot.
Word load(Subject& subject, Word address) {
    return can_load(subject, address) ? subject.victim.registers()[UserRegister::rax] : ~Word{0};
}

sys::Result<Cap<sys::Frame>> make_marked(Word mark) {
    auto frame = TRY(sys::make_object<sys::Frame>(test::space(), test::arena()));
    auto view = TRY(View::of(frame));
    for (unsigned i = 0; i < 512; ++i)
        view.words()[i] = mark;
    return frame;
}

} // namespace

SYSTEM_TEST("rights of a mapping are those of the capability and of the argument, no more") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    REQUIRE_OK(subject.victim.space().map_new(somewhere + page_size, PageAccess::read_only())); // makes the tables
    REQUIRE_VALUE(frame, make_marked(5));
    for (Word of_cap = 0; of_cap < 16; ++of_cap) {
        REQUIRE_VALUE(copy, sys::copy_cap(test::space(), frame.get(), Rights(of_cap)));
        for (Word of_call = 0; of_call < 16; ++of_call) {
            REQUIRE_DONE(invoke(copy, Invocation::page_map, {somewhere, of_call, 0}, {root}));
            const Word both = of_cap & of_call;
            REQUIRE(CHECK_EQUAL(can_load(subject, somewhere), (both & 2) != 0));
            REQUIRE(CHECK_EQUAL(can_store(subject, somewhere, 5), (both & 3) == 3));
        }
    }
}

SYSTEM_TEST("further bits of the rights word and of the attributes change nothing") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.space().map_new(somewhere + page_size, PageAccess::read_only()));
    REQUIRE_VALUE(frame, make_marked(5));
    for (const Word rights : {~Word{0}, Word{3} | Word{1} << 63}) {
        REQUIRE_DONE(invoke(frame, Invocation::page_map, {somewhere, rights, 0}, {subject.victim.space().root()}));
        CHECK_EQUAL(load(subject, somewhere), 5);
    }
    REQUIRE_DONE(invoke(frame, Invocation::page_map, {somewhere, ~Word{1}, 0}, {subject.victim.space().root()}));
    CHECK(!can_store(subject, somewhere));
}

SYSTEM_TEST("attributes 0 to 4 map the same memory, readable, writable and executable") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    REQUIRE_OK(subject.victim.space().map_new(somewhere + page_size, PageAccess::read_only()));
    REQUIRE_VALUE(frame, make_marked(0));
    {
        REQUIRE_VALUE(view, View::of(frame));
        view.bytes()[64] = 0x0f; // UD2
        view.bytes()[65] = 0x0b;
    }
    for (Word attributes = 0; attributes <= 4; ++attributes) {
        REQUIRE_DONE(invoke(frame, Invocation::page_map, {somewhere, 3, attributes}, {root}));
        CHECK(can_store(subject, somewhere, attributes + 100));
        CHECK_EQUAL(load(subject, somewhere), attributes + 100);
        const Fault fault = subject.victim.run(snippet_call, with(somewhere + 64));
        CHECK(fault.is_done());
        CHECK_EQUAL(fault.ip(), somewhere + 64);
    }
    REQUIRE_DONE(invoke(frame, Invocation::page_map, {somewhere, 3, 8}, {root})); // execute never
    CHECK(subject.victim.run(snippet_call, with(somewhere + 64)).kind == abi::Fault::vm_fault);
    REQUIRE_DONE(invoke(frame, Invocation::page_map, {somewhere, 3, 0}, {root})); // and back
    CHECK(subject.victim.run(snippet_call, with(somewhere + 64)).is_done());
}

SYSTEM_TEST("another frame in the entry is replaced at once; the first one still counts as mapped") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    REQUIRE_OK(subject.victim.space().map_new(somewhere + page_size, PageAccess::read_only()));
    REQUIRE_VALUE(first, make_marked(11));
    REQUIRE_VALUE(second, make_marked(22));
    REQUIRE_OK(first->map(root, somewhere, PageAccess::read_only()));
    CHECK_EQUAL(load(subject, somewhere), 11);
    REQUIRE_OK(second->map(root, somewhere, PageAccess::read_only()));
    CHECK_EQUAL(load(subject, somewhere), 22);
    const auto elsewhere = [&] {
        return invoke(first, Invocation::page_map, {somewhere + 2 * page_size, 2, 0}, {root});
    };
    CHECK_ANSWER(elsewhere(), invalid_argument, 0);
    CHECK_OK(first->unmap()); // touches nothing: the entry holds the other
    CHECK_EQUAL(load(subject, somewhere), 22);
    CHECK_DONE(elsewhere());
    CHECK_EQUAL(load(subject, somewhere + 2 * page_size), 11);
}

SYSTEM_TEST("deleting the capability of a replaced frame leaves the one that replaced it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    REQUIRE_OK(subject.victim.space().map_new(somewhere + page_size, PageAccess::read_only()));
    REQUIRE_VALUE(first, make_marked(11));
    REQUIRE_VALUE(second, make_marked(22));
    REQUIRE_OK(first->map(root, somewhere, PageAccess::read_only()));
    REQUIRE_OK(second->map(root, somewhere, PageAccess::read_only()));
    first.reset();
    CHECK_EQUAL(load(subject, somewhere), 22);
}

SYSTEM_TEST("Unmap succeeds always: not mapped, mapped, twice, its table gone, its space gone") {
    REQUIRE_VALUE(frame, make_marked(1));
    CHECK_DONE(invoke(frame, Invocation::page_unmap));
    {
        Subject subject;
        REQUIRE_OK(subject.make());
        REQUIRE_OK(subject.victim.space().map(frame, somewhere, PageAccess::read_only()));
        CHECK_DONE(invoke(frame, Invocation::page_unmap));
        CHECK_DONE(invoke(frame, Invocation::page_unmap));
        CHECK(!can_load(subject, somewhere));
        REQUIRE_OK(subject.victim.space().map(frame, somewhere, PageAccess::read_only()));
    } // space and tables are gone: it still counts as mapped
    const Word page = test::take_window_page();
    CHECK_ANSWER(invoke(frame, Invocation::page_map, {page, 2, 0}, {test::own_space()}), invalid_capability, 1);
    CHECK_DONE(invoke(frame, Invocation::page_unmap));
    CHECK_DONE(invoke(frame, Invocation::page_map, {page, 2, 0}, {test::own_space()}));
    test::release_window_page(page);
}

SYSTEM_TEST("copies of a frame have mappings of their own: unmapping or deleting one leaves the others") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    REQUIRE_OK(subject.victim.space().map_new(somewhere + 8 * page_size, PageAccess::read_only()));
    REQUIRE_VALUE(frame, make_marked(7));
    Cap<sys::Frame> copies[4];
    for (Word i = 0; i < 4; ++i) {
        REQUIRE_VALUE(copy, sys::copy_cap(test::space(), frame.get()));
        REQUIRE_OK(copy->map(root, somewhere + i * page_size, PageAccess::read_write()));
        copies[i] = std::move(copy);
    }
    CHECK(can_store(subject, somewhere, 70));
    for (Word i = 1; i < 4; ++i)
        CHECK_EQUAL(load(subject, somewhere + i * page_size), 70); // one memory
    REQUIRE_OK(copies[0]->unmap());
    copies[1].reset();
    CHECK(!can_load(subject, somewhere) && !can_load(subject, somewhere + page_size));
    CHECK_EQUAL(load(subject, somewhere + 2 * page_size), 70);
    REQUIRE_OK(frame.ref().revoke()); // all copies
    CHECK(!can_load(subject, somewhere + 2 * page_size) && !can_load(subject, somewhere + 3 * page_size));
    CHECK_OK(frame->physical_address());
}

SYSTEM_TEST("a moved frame capability keeps its mapping, and is what unmaps it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(frame, make_marked(7));
    REQUIRE_OK(subject.victim.space().map(frame, somewhere, PageAccess::read_only()));
    REQUIRE_PLACE(moved);
    REQUIRE_OK(moved.ref().move_from(frame.ref()));
    CHECK_EQUAL(load(subject, somewhere), 7);
    CHECK_OK(moved.ref().remove());
    CHECK(!can_load(subject, somewhere));
}

SYSTEM_TEST("GetAddress: neighbouring frames of an untyped lie beside each other, and copies have the same address") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(first, sys::make_object<sys::Frame>(test::space(), memory));
    REQUIRE_VALUE(second, sys::make_object<sys::Frame>(test::space(), memory));
    REQUIRE_VALUE(copy, sys::copy_cap(test::space(), second.get(), Rights::none()));
    REQUIRE_VALUE(at, first->physical_address());
    CHECK_DONE(invoke(second, Invocation::page_get_address), at + page_size);
    CHECK_DONE(invoke(copy, Invocation::page_get_address), at + page_size);
}

SYSTEM_TEST("unmapping a table hides what is below, and clears it: mapped again it is empty") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(memory, test::make_untyped(15));
    const sys::VSpace root = subject.victim.space().root();
    constexpr Word at = 0x100'0000'0000; // its own PML4 entry
    REQUIRE_VALUE(pdpt, sys::make_object<sys::Pdpt>(test::space(), memory));
    REQUIRE_VALUE(directory, sys::make_object<sys::PageDirectory>(test::space(), memory));
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), memory));
    REQUIRE_OK(pdpt->map(root, at));
    REQUIRE_OK(directory->map(root, at));
    REQUIRE_OK(table->map(root, at));
    REQUIRE_VALUE(frame, make_marked(9));
    REQUIRE_OK(frame->map(root, at, PageAccess::read_only()));
    CHECK_EQUAL(load(subject, at), 9);
    REQUIRE_OK(table->unmap());
    CHECK(!can_load(subject, at));
    REQUIRE_OK(table->map(root, at));
    CHECK(!can_load(subject, at));
    CHECK_ANSWER(invoke(frame, Invocation::page_map, {at + page_size, 2, 0}, {root}), invalid_argument, 0);
    CHECK_OK(frame->map(root, at, PageAccess::read_only())); // remapping is how it comes back
    CHECK_EQUAL(load(subject, at), 9);
    REQUIRE_OK(directory->unmap());
    CHECK(!can_load(subject, at));
    REQUIRE_OK(directory->map(root, at));
    CHECK(!can_load(subject, at)); // the directory is empty, though the table counts as mapped
    CHECK_REFUSED(table->map(root, at), abi::Error::invalid_capability, 0);
    REQUIRE_OK(table->unmap());
    REQUIRE_OK(table->map(root, at));
    CHECK_OK(frame->map(root, at, PageAccess::read_only()));
    CHECK_EQUAL(load(subject, at), 9);
    REQUIRE_OK(pdpt->unmap());
    CHECK(!can_load(subject, at));
}

SYSTEM_TEST("deleting the last capability to a table unmaps it; an earlier one does not") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(memory, test::make_untyped(14));
    const sys::VSpace root = subject.victim.space().root();
    constexpr Word at = 0x30'0000'0000;
    REQUIRE_OK(subject.victim.space().map_new(at + large_size, PageAccess::read_only())); // the upper tables
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), memory));
    REQUIRE_OK(table->map(root, at));
    REQUIRE_VALUE(frame, make_marked(9));
    REQUIRE_OK(frame->map(root, at, PageAccess::read_only()));
    {
        REQUIRE_PLACE(copy);
        REQUIRE_OK(copy.ref().copy_from(table.ref()));
        CHECK_EQUAL(load(subject, at), 9);
    }
    CHECK_EQUAL(load(subject, at), 9);
    table.reset();
    CHECK(!can_load(subject, at));
    CHECK_EQUAL(invoke(frame, Invocation::page_map, {at, 2, 0}, {root}).words[2], 21); // the table is missing
    REQUIRE_VALUE(other, sys::make_object<sys::PageTable>(test::space(), memory));
    REQUIRE_OK(other->map(root, at)); // its place is free
    CHECK(!can_load(subject, at));
}

SYSTEM_TEST("revoking a table's untyped while a thread runs on it: the thread faults, the frame is kept") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(memory, test::make_untyped(14));
    const sys::VSpace root = subject.victim.space().root();
    constexpr Word at = 0x30'0000'0000;
    REQUIRE_OK(subject.victim.space().map_new(at + large_size, PageAccess::read_only()));
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), memory));
    REQUIRE_OK(table->map(root, at));
    REQUIRE_VALUE(frame, make_marked(0));
    REQUIRE_OK(frame->map(root, at, PageAccess::read_write()));
    REQUIRE_OK(subject.victim.start(snippet_count, with(at)));
    REQUIRE_VALUE(view, View::of(frame));
    REQUIRE(test::wait_until([&] { return static_cast<volatile Word*>(view.words())[0] > 100; }));
    REQUIRE_OK(memory.ref().revoke());
    const auto fault = subject.victim.next_fault();
    REQUIRE(fault && fault->kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault->address(), at);
    const Word count = view.words()[0];
    test::yield();
    CHECK_EQUAL(view.words()[0], count);
}

SYSTEM_TEST("X13: 2 MiB by one frame, then by 512, then by one again: each reads what is mapped then") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    constexpr Word at = 0x30'0000'0000;
    REQUIRE_OK(subject.victim.space().map_new(at + large_size, PageAccess::read_only()));
    REQUIRE_VALUE(large_memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), large_memory));
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), memory));
    REQUIRE_VALUE(small, make_marked(22));
    const Word probe = at + 5 * page_size;
    for (unsigned round = 0; round < 5; ++round) {
        REQUIRE_OK(large->map(root, at, PageAccess::read_write()));
        CHECK(can_store(subject, probe, 11));
        CHECK_EQUAL(load(subject, probe), 11);
        REQUIRE_OK(large->unmap());
        CHECK(!can_load(subject, probe));
        REQUIRE_OK(table->map(root, at));
        CHECK(!can_load(subject, probe));
        REQUIRE_OK(small->map(root, probe, PageAccess::read_only()));
        CHECK_EQUAL(load(subject, probe), 22);
        CHECK(!can_load(subject, at + 6 * page_size));
        REQUIRE_OK(small->unmap());
        REQUIRE_OK(table->unmap());
    }
}

SYSTEM_TEST("a frame mapped in two spaces is one memory, and each mapping has its own rights") {
    Subject subjects[2];
    REQUIRE_VALUE(frame, make_marked(3));
    for (unsigned i = 0; i < 2; ++i) {
        REQUIRE_OK(subjects[i].make());
        REQUIRE_OK(subjects[i].victim.space().map_copy(frame, somewhere,
                                                       i == 0 ? PageAccess::read_write() : PageAccess::read_only()));
    }
    CHECK(can_store(subjects[0], somewhere, 33));
    CHECK_EQUAL(load(subjects[1], somewhere), 33);
    CHECK(!can_store(subjects[1], somewhere, 44));
    CHECK_EQUAL(load(subjects[0], somewhere), 33);
}

SYSTEM_TEST("a page-table page is not what a frame shows: memory of tables, CNodes and threads is nobody's to map") {
    REQUIRE_VALUE(memory, test::make_untyped(13));
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), memory));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    for (const auto method : {Invocation::page_map, Invocation::page_unmap, Invocation::page_get_address})
        CHECK_ANSWER(invoke(table, method, {somewhere, 3, 0}, {test::own_space()}), illegal_operation);
    CHECK_REFUSED(sys::make_object<sys::Frame>(test::space(), memory), abi::Error::not_enough_memory, 0);
    CHECK_ANSWER(invoke(frame, Invocation::page_table_map, {somewhere, 0}, {test::own_space()}), illegal_operation);
}
