// SPDX-License-Identifier: BSD-2-Clause
// Paging structures as objects: made level by level on request, refused by name, given back completely.
#include <sys/cap/asid.hpp>
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/victim.hpp>

using abi::UserRegister;
using sys::MissingLevel;
using sys::PageAccess;
using test::AddressSpace;
using test::Cap;
using test::Fault;
using test::page_size;
using test::Subject;
using test::Victim;
using test::View;
using test::Word;

namespace {

constexpr Word address_bits_left = 2; // detail of FailedLookup

sys::UserRegisters with_rdi(Word value, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = value;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

bool misses(const sys::Result<void>& result, MissingLevel level) {
    return !result && sys::is_missing_level(result.error()) &&
           result.error().detail(address_bits_left) == static_cast<Word>(level);
}

} // namespace

SYSTEM_TEST("R3: every map call is verified by a walk through four levels, from ring 3") {
    // Each address differs from the others in one index only; a level that was not linked would fault or alias.
    constexpr Word base = 0x10'0060'0000;
    const Word addresses[] = {base,
                              base + page_size,
                              base + (Word{1} << 21),
                              base + (Word{1} << 30),
                              base + (Word{1} << 39),
                              base + 511 * page_size};
    Subject subject;
    REQUIRE_OK(subject.make());
    Word mark = 0x7700;
    for (const Word address : addresses) {
        REQUIRE_VALUE(frame, subject.victim.space().map_new(address, PageAccess::read_only()));
        REQUIRE_VALUE(view, View::of(frame));
        view.words()[0] = ++mark;
    }
    mark = 0x7700;
    for (const Word address : addresses) {
        REQUIRE(subject.victim.run(snippet_load, with_rdi(address)).is_done());
        CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], ++mark);
    }
}

SYSTEM_TEST("R6: what a map call claims is there: written in ring 3 and read back, both ways") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(frame, subject.victim.space().map_new(0x600000, PageAccess::read_write()));
    REQUIRE_VALUE(view, View::of(frame));
    REQUIRE(subject.victim.run(snippet_store, with_rdi(0x600ff8, 0xfeed)).is_done());
    CHECK_EQUAL(view.words()[511], 0xfeed);
    view.words()[0] = 0xbeef;
    REQUIRE(subject.victim.run(snippet_load, with_rdi(0x600000)).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 0xbeef);
}

SYSTEM_TEST("behaviour 4: a new VSpace maps nothing in its user half") {
    AddressSpace space;
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_OK(space.make(memory));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    for (Word entry = 0; entry < 256; ++entry) {
        const Word address = entry << 39;
        REQUIRE(misses(frame->map(space.root(), address, PageAccess::read_only()), MissingLevel::pdpt));
    }
}

SYSTEM_TEST("behaviour 5: mapping without the next level says which is missing, and works once it is there") {
    constexpr Word address = 0x40'4060'1000;
    AddressSpace space;
    REQUIRE_VALUE(memory, test::make_untyped(16));
    REQUIRE_OK(space.make(memory));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    REQUIRE_VALUE(pdpt, sys::make_object<sys::Pdpt>(test::space(), memory));
    REQUIRE_VALUE(directory, sys::make_object<sys::PageDirectory>(test::space(), memory));
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), memory));
    const auto map = [&] { return frame->map(space.root(), address, PageAccess::read_only()); };
    CHECK(misses(map(), MissingLevel::pdpt));
    CHECK(misses(table->map(space.root(), address), MissingLevel::pdpt));
    CHECK(misses(directory->map(space.root(), address), MissingLevel::pdpt));
    REQUIRE_OK(pdpt->map(space.root(), address));
    CHECK(misses(map(), MissingLevel::page_directory));
    CHECK(misses(table->map(space.root(), address), MissingLevel::page_directory));
    REQUIRE_OK(directory->map(space.root(), address));
    CHECK(misses(map(), MissingLevel::page_table));
    REQUIRE_OK(table->map(space.root(), address));
    REQUIRE_OK(map());
    // No aliasing: a table is mapped once, and its place is taken.
    CHECK_REFUSED(table->map(space.root(), address + (Word{1} << 21)), abi::Error::invalid_capability);
    REQUIRE_VALUE(other, sys::make_object<sys::PageTable>(test::space(), memory));
    CHECK_REFUSED(other->map(space.root(), address), abi::Error::delete_first);
    CHECK_REFUSED(other->map(space.root(), Word{1} << 63), abi::Error::invalid_argument);
    // Unmapped tables are empty when they come back.
    REQUIRE_OK(table->unmap());
    CHECK(misses(frame->unmap() ? map() : map(), MissingLevel::page_table));
    REQUIRE_OK(table->map(space.root(), address));
    REQUIRE_OK(map());
}

SYSTEM_TEST("behaviour 6: out of memory at each level is an error to the caller, without leak or partial mapping") {
    constexpr unsigned pages_bits = 15;
    constexpr unsigned pages = 8;
    constexpr unsigned needed = 5; // PML4, PDPT, directory, table, page
    for (unsigned available = 0; available < needed; ++available) {
        REQUIRE_VALUE(memory, test::make_untyped(pages_bits));
        Cap<sys::Frame> used[pages];
        for (unsigned i = 0; i < pages - available; ++i) {
            REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
            used[i] = std::move(frame);
        }
        AddressSpace space;
        sys::Result<void> made = space.make(memory);
        if (available == 0) {
            CHECK_REFUSED(made, abi::Error::not_enough_memory);
            continue;
        }
        REQUIRE_OK(made);
        // The page exists already for all but the last round, so that each table level is the one that fails.
        Cap<sys::Frame> page;
        if (available < needed - 1) {
            CHECK_REFUSED(space.map(used[0], 0x400000, PageAccess::read_only()), abi::Error::not_enough_memory);
            CHECK_EQUAL(space.table_count(), available - 1);
            // Nothing is mapped: the frame is still free to go anywhere.
            const Word elsewhere = test::take_window_page();
            CHECK_OK(used[0]->map(test::own_space(), elsewhere, PageAccess::read_only()));
            CHECK_OK(used[0]->unmap());
            test::release_window_page(elsewhere);
        } else {
            REQUIRE_OK(space.map(used[0], 0x400000, PageAccess::read_only()));
            CHECK_REFUSED(space.map_new(0x401000, PageAccess::read_only()), abi::Error::not_enough_memory);
        }
    }
}

SYSTEM_TEST("behaviour 8: unaligned, wrapping and kernel-half maps, and sizes of 0 or too much, are refused by name") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::VSpace root = subject.victim.space().root();
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), subject.memory));
    const auto map = [&](Word address) { return frame->map(root, address, PageAccess::read_only()); };
    for (const Word off : {Word{1}, Word{8}, Word{4095}})
        CHECK_REFUSED(map(0x400000 + off), abi::Error::alignment_error);
    for (const Word address : {abi::user_end, abi::user_end + page_size, Word{0x8000'0000'0000},
                               Word{0xffff'8000'0000'0000}, Word{0xffff'ffff'8000'0000}, ~Word{0xfff}, ~Word{0}})
        CHECK_REFUSED(map(address), abi::Error::invalid_argument, 0);
    const auto retype = [&](abi::ObjectType type, unsigned bits, Word count) {
        return subject.memory.get().retype(type, bits, sys::SlotRef{test::own_cnode(), 0, 0}, 4000, count);
    };
    CHECK_REFUSED(retype(abi::ObjectType::frame_4k, 0, 0), abi::Error::range_error, 1, 256);
    CHECK_REFUSED(retype(abi::ObjectType::frame_4k, 0, 257), abi::Error::range_error, 1, 256);
    CHECK_REFUSED(retype(abi::ObjectType::frame_4k, 0, ~Word{0}), abi::Error::range_error, 1, 256);
    CHECK_REFUSED(retype(abi::ObjectType::frame_4k, 0, 256), abi::Error::not_enough_memory);
    CHECK_REFUSED(retype(abi::ObjectType::frame_1g, 0, 1), abi::Error::not_enough_memory);
}

SYSTEM_TEST("behaviour 9: fresh memory reads as zero after it held another's secret, whatever it was") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    Word first_address = 0;
    for (unsigned round = 0; round < 4; ++round) {
        REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
        REQUIRE_VALUE(address, frame->physical_address());
        if (round == 0)
            first_address = address;
        CHECK_EQUAL(address, first_address); // the very same page
        REQUIRE_VALUE(view, View::of(frame));
        for (Word i = 0; i < 512; ++i) {
            REQUIRE(CHECK_EQUAL(view.words()[i], 0));
            view.words()[i] = 0x5ec2e7'5ec2e7 + i;
        }
    }
    // As a CNode and a TCB in between: no capability or register of it shows in a frame either.
    {
        REQUIRE_VALUE(cnode, sys::make_object<sys::CNode>(test::space(), memory, 7));
        REQUIRE_OK(cnode->at(3, 7).copy_from(test::space().at(abi::root_slot::vspace)));
        REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), memory));
        const sys::UserRegisters fresh = tcb->read_registers(false).take();
        CHECK_EQUAL(fresh[UserRegister::rax], 0);
        sys::UserRegisters secret;
        for (Word& word : secret.words)
            word = 0x5ec2e7;
        REQUIRE_OK(tcb->write_registers(secret, abi::user_register_count, false));
    }
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    REQUIRE_VALUE(view, View::of(frame));
    for (Word i = 0; i < 512; ++i)
        REQUIRE(CHECK_EQUAL(view.words()[i], 0));
}

SYSTEM_TEST("a 2 MiB page is mapped whole, aligned, and never over a table") {
    REQUIRE_VALUE(large_memory, test::make_untyped(abi::large_page_bits));
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), large_memory));
    const sys::VSpace root = subject.victim.space().root();
    CHECK_REFUSED(large->map(root, 0x800000 + page_size, PageAccess::read_write()), abi::Error::alignment_error);
    CHECK_REFUSED(large->map(root, Victim::code, PageAccess::read_write()), abi::Error::delete_first);
    REQUIRE_OK(large->map(root, 0x800000, PageAccess::read_write()));
    REQUIRE(subject.victim.run(snippet_store, with_rdi(0x9ffff8, 0x2222)).is_done());
    REQUIRE(subject.victim.run(snippet_load, with_rdi(0x9ffff8)).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 0x2222);
    REQUIRE_OK(large->unmap());
    CHECK_EQUAL(subject.victim.run(snippet_load, with_rdi(0x9ffff8)).address(), 0x9ffff8);
}

SYSTEM_TEST("an identity map: a frame at the address that it has in memory") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), subject.memory));
    REQUIRE_VALUE(address, frame->physical_address());
    {
        REQUIRE_VALUE(view, View::of(frame));
        view.words()[1] = 0x1d;
    }
    REQUIRE_OK(subject.victim.space().map(frame, address, PageAccess::read_only()));
    REQUIRE(subject.victim.run(snippet_load, with_rdi(address + 8)).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 0x1d);
    REQUIRE_OK(frame->unmap());
}

SYSTEM_TEST("a space without ASID maps nothing; a thread whose space is gone faults on its next instruction") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(bare, sys::make_object<sys::VSpace>(test::space(), memory));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    CHECK_REFUSED(frame->map(bare, 0x400000, PageAccess::read_only()), abi::Error::invalid_capability, 1);
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE(subject.victim.run(snippet_done).is_done());
    REQUIRE_OK(subject.memory.ref().revoke()); // thread, space and tables at once
    CHECK_REFUSED(subject.victim.tcb().resume(), abi::Error::invalid_capability);
}

SYSTEM_TEST("512 address spaces fill a pool; the next is refused, and all of them come back") {
    constexpr unsigned batch = 128;
    REQUIRE_VALUE(memory, test::make_untyped(20));
    const sys::AsidPool pool(abi::root_slot::asid_pool);
    static Cap<sys::VSpace> spaces[batch];
    for (unsigned round = 0; round < 5; ++round) { // more in all than the pool has
        for (Cap<sys::VSpace>& space : spaces) {
            REQUIRE_VALUE(made, sys::make_object<sys::VSpace>(test::space(), memory));
            space = std::move(made);
            REQUIRE_OK(pool.assign(space));
        }
        CHECK_REFUSED(pool.assign(spaces[0]), abi::Error::invalid_capability);
        for (Cap<sys::VSpace>& space : spaces)
            space.reset();
    }
}
