// SPDX-License-Identifier: BSD-2-Clause
// What Retype makes: sizes, places, contents, and when memory is free again.
#include <tests/system/lib/invoke.hpp>

using abi::Invocation;
using abi::ObjectType;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::page_size;
using test::Word;

namespace {

struct Sized {
    ObjectType type;
    unsigned size_bits;
    unsigned bits; ///< log2 of what it takes
};
/// From the ABI's table of objects. The 2 MiB frame has a case of its own.
constexpr Sized all_sized[] = {
    {ObjectType::untyped, 4, 4},   {ObjectType::untyped, 9, 9},       {ObjectType::tcb, 0, 11},
    {ObjectType::endpoint, 0, 4},  {ObjectType::notification, 0, 6},  {ObjectType::cnode, 1, 6},
    {ObjectType::cnode, 7, 12},    {ObjectType::sched_context, 7, 7}, {ObjectType::sched_context, 10, 10},
    {ObjectType::reply, 0, 5},     {ObjectType::pdpt, 0, 12},         {ObjectType::pml4, 0, 12},
    {ObjectType::frame_4k, 0, 12}, {ObjectType::page_table, 0, 12},   {ObjectType::page_directory, 0, 12},
};

Answer retype(AnyCap untyped, ObjectType type, unsigned size_bits, AnyCap node, Word offset, Word count = 1) {
    return invoke(untyped, Invocation::untyped_retype, {static_cast<Word>(type), size_bits, 0, 0, offset, count},
                  {node});
}

/// The first device untyped that covers `address`; its slot.
Word device_untyped_at(Word address) {
    const abi::SlotRegion region = test::boot_info().untyped;
    for (Word i = 0; i < region.count(); ++i) {
        const abi::UntypedDescriptor& piece = test::boot_info().untyped_list[i];
        if (piece.is_device && piece.paddr <= address && address - piece.paddr < Word{1} << piece.size_bits)
            return region.start + i;
    }
    return 0;
}

} // namespace

SYSTEM_TEST("every object takes as much memory as the ABI says, to the byte") {
    constexpr unsigned bits = 13;
    REQUIRE_VALUE(untyped, test::make_untyped(bits));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), 10));
    for (const Sized& object : all_sized) {
        const Word fit = Word{1} << (bits - object.bits);
        Word made = 0;
        for (; made < fit; made += 64) // 512 endpoints are more than one call makes
            REQUIRE_DONE(retype(untyped, object.type, object.size_bits, node, made, fit < 64 ? fit : 64));
        CHECK_ANSWER(retype(untyped, object.type, object.size_bits, node, 1000), not_enough_memory, 0);
        REQUIRE_OK(untyped.ref().revoke());
    }
}

SYSTEM_TEST("one call makes up to 256 objects, in neighbouring slots and at neighbouring places") {
    constexpr Word count = 256;
    REQUIRE_VALUE(untyped, test::make_untyped(20));
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), 9));
    REQUIRE_DONE(retype(untyped, ObjectType::frame_4k, 0, node, 7, count));
    REQUIRE_PLACE(frame);
    Word first = 0;
    for (Word i = 0; i < count; ++i) {
        REQUIRE_OK(frame.ref().move_from(node->at(7 + i, 9)));
        REQUIRE_VALUE(address, sys::Frame(frame.number()).physical_address());
        if (i == 0)
            first = address;
        REQUIRE(CHECK_EQUAL(address, first + i * page_size));
        REQUIRE_OK(frame.ref().remove());
    }
    CHECK_REFUSED(frame.ref().move_from(node->at(6, 9)), abi::Error::failed_lookup);
    CHECK_REFUSED(frame.ref().move_from(node->at(7 + count, 9)), abi::Error::failed_lookup);
}

SYSTEM_TEST("objects lie at multiples of their size, upwards; what alignment skips stays unused") {
    REQUIRE_VALUE(untyped, test::make_untyped(15));
    REQUIRE_VALUE(start, sys::make_object<sys::Frame>(test::space(), untyped));
    REQUIRE_VALUE(base, start->physical_address());
    CHECK_EQUAL(base & 0x7fff, 0); // the untyped itself is aligned
    REQUIRE_VALUE(small, sys::make_object<sys::Endpoint>(test::space(), untyped));
    REQUIRE_VALUE(second, sys::make_object<sys::Frame>(test::space(), untyped));
    CHECK_EQUAL(second->physical_address().take(), base + 2 * page_size);
    REQUIRE_VALUE(inner, test::make_untyped(14, untyped)); // 16 KiB: not before base + 16 KiB
    REQUIRE_VALUE(third, sys::make_object<sys::Frame>(test::space(), inner));
    CHECK_EQUAL(third->physical_address().take(), base + 4 * page_size);
    CHECK_REFUSED(sys::make_object<sys::Endpoint>(test::space(), untyped), abi::Error::not_enough_memory, 0);
}

SYSTEM_TEST("deleting some children frees nothing; deleting the last frees all") {
    REQUIRE_VALUE(untyped, test::make_untyped(14));
    Cap<sys::Frame> frames[4];
    for (Cap<sys::Frame>& frame : frames) {
        REQUIRE_VALUE(made, sys::make_object<sys::Frame>(test::space(), untyped));
        frame = std::move(made);
    }
    REQUIRE_VALUE(copy, sys::copy_cap(test::space(), frames[3].get()));
    for (Cap<sys::Frame>& frame : frames) {
        frame.reset();
        REQUIRE_PLACE(place);
        CHECK_ANSWER(retype(untyped, ObjectType::endpoint, 0, own_cnode(), place.number()), not_enough_memory, 0);
    }
    copy.reset(); // the last capability to any of them
    REQUIRE_VALUE(whole, test::make_untyped(14, untyped));
}

SYSTEM_TEST("memory of a grandchild is free with the grandchild only") {
    REQUIRE_VALUE(untyped, test::make_untyped(14));
    REQUIRE_VALUE(child, test::make_untyped(13, untyped));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), child));
    child.reset(); // the frame goes on as a descendant of `untyped`
    REQUIRE_PLACE(place);
    CHECK_OK(frame->physical_address());
    CHECK_ANSWER(retype(untyped, ObjectType::untyped, 14, own_cnode(), place.number()), not_enough_memory, 8192);
    frame.reset();
    CHECK_DONE(retype(untyped, ObjectType::untyped, 14, own_cnode(), place.number()));
}

SYSTEM_TEST("an untyped with children is not copied; a copy counts as a child, and its source as full") {
    REQUIRE_VALUE(untyped, test::make_untyped(13));
    {
        REQUIRE_VALUE(child, sys::make_object<sys::Endpoint>(test::space(), untyped));
        CHECK_REFUSED(sys::copy_cap(test::space(), untyped.get()), abi::Error::revoke_first);
        CHECK_REFUSED(sys::mint_cap(test::space(), untyped.get(), sys::Rights::all(), sys::Badge{0}),
                      abi::Error::revoke_first);
    }
    REQUIRE_VALUE(copy, sys::copy_cap(test::space(), untyped.get()));
    REQUIRE_PLACE(place);
    CHECK_ANSWER(retype(untyped, ObjectType::endpoint, 0, own_cnode(), place.number()), not_enough_memory, 0);
    CHECK_REFUSED(sys::copy_cap(test::space(), untyped.get()), abi::Error::revoke_first);
    CHECK_DONE(retype(copy, ObjectType::frame_4k, 0, own_cnode(), place.number()));
    copy.reset();
    CHECK_OK(sys::Frame(place.number()).physical_address()); // outlives the copy that it was made from
    REQUIRE_PLACE(other);
    CHECK_ANSWER(retype(untyped, ObjectType::endpoint, 0, own_cnode(), other.number()), not_enough_memory, 0);
    CHECK_OK(place.ref().remove());
    CHECK_DONE(retype(untyped, ObjectType::untyped, 13, own_cnode(), other.number()));
}

SYSTEM_TEST("revoking an untyped takes its copy and what was made of the copy") {
    REQUIRE_VALUE(untyped, test::make_untyped(13));
    REQUIRE_PLACE(copy);
    REQUIRE_OK(copy.ref().copy_from(untyped.ref()));
    REQUIRE_PLACE(frame);
    REQUIRE_DONE(retype(copy, ObjectType::frame_4k, 0, own_cnode(), frame.number()));
    REQUIRE_OK(untyped.ref().revoke());
    CHECK(test::is_empty(copy.number()));
    CHECK(test::is_empty(frame.number()));
}

SYSTEM_TEST("a moved untyped keeps its children and how much of it is used") {
    REQUIRE_VALUE(untyped, test::make_untyped(13));
    REQUIRE_PLACE(frame);
    REQUIRE_DONE(retype(untyped, ObjectType::frame_4k, 0, own_cnode(), frame.number()));
    REQUIRE_PLACE(moved);
    REQUIRE_OK(moved.ref().move_from(untyped.ref()));
    REQUIRE_PLACE(second);
    REQUIRE_PLACE(third);
    CHECK_DONE(retype(moved, ObjectType::frame_4k, 0, own_cnode(), second.number()));
    CHECK_EQUAL(sys::Frame(second.number()).physical_address().take(),
                sys::Frame(frame.number()).physical_address().take() + page_size);
    CHECK_ANSWER(retype(moved, ObjectType::endpoint, 0, own_cnode(), third.number()), not_enough_memory, 0);
    REQUIRE_OK(moved.ref().revoke());
    CHECK(test::is_empty(frame.number()) && test::is_empty(second.number()));
}

SYSTEM_TEST("objects are retyped into a CNode that lies deep in a CSpace") {
    REQUIRE_VALUE(memory, test::make_untyped(13));
    REQUIRE_VALUE(upper, sys::make_object<sys::CNode>(test::space(), memory, 3));
    REQUIRE_DONE(retype(memory, ObjectType::cnode, 2, upper, 5));
    // Three bits name the lower CNode in the upper one.
    REQUIRE_DONE(invoke(memory, Invocation::untyped_retype,
                        {static_cast<Word>(ObjectType::notification), 0, 5, 3, 2, 2}, {upper}));
    CHECK_REFUSED(upper->at(5 << 2 | 1, 5).move_from(upper->at(5 << 2 | 1, 5)), abi::Error::failed_lookup, 1);
    for (const Word slot : {Word{2}, Word{3}}) { // taken: DeleteFirst comes before the source is looked at
        CHECK_REFUSED(upper->at(5 << 2 | slot, 5).copy_from(test::space().at(abi::root_slot::tcb)),
                      abi::Error::delete_first);
    }
}

SYSTEM_TEST("2 MiB of RAM as a frame are aligned and zero from the first to the last byte") {
    REQUIRE_VALUE(memory, test::make_untyped(abi::large_page_bits));
    for (unsigned round = 0; round < 2; ++round) {
        REQUIRE_VALUE(frame, sys::make_object<sys::LargeFrame>(test::space(), memory));
        REQUIRE_VALUE(address, frame->physical_address());
        CHECK_EQUAL(address & ((Word{1} << abi::large_page_bits) - 1), 0);
        REQUIRE_VALUE(directory, sys::make_object<sys::PageDirectory>(test::space(), test::arena()));
        constexpr Word at = Word{5} << 30;
        REQUIRE_OK(directory->map(test::own_space(), at));
        REQUIRE_OK(frame->map(test::own_space(), at, sys::PageAccess::read_write()));
        auto* const words = reinterpret_cast<Word*>(at);
        Word sum = 0;
        for (Word i = 0; i < (Word{1} << abi::large_page_bits) / sizeof(Word); ++i) {
            sum |= words[i];
            words[i] = ~i;
        }
        CHECK_EQUAL(sum, 0);
    }
}

SYSTEM_TEST("device memory makes frames and untypeds only; nothing else is said before there is room") {
    constexpr Word bios = 0xf0000;
    const Word slot = device_untyped_at(bios);
    REQUIRE(slot != 0);
    REQUIRE_PLACE(place);
    for (const Sized& object : all_sized) {
        const bool allowed = object.type == ObjectType::untyped || object.type == ObjectType::frame_4k;
        if (!allowed)
            CHECK_ANSWER(retype(slot, object.type, object.size_bits, own_cnode(), place.number()), invalid_argument, 1);
    }
    // Too large and of the wrong type: the lack of room comes first.
    CHECK(retype(slot, ObjectType::cnode, 41, own_cnode(), place.number()).is(abi::Error::not_enough_memory));
    REQUIRE_DONE(retype(slot, ObjectType::untyped, 12, own_cnode(), place.number()));
    REQUIRE_PLACE(inner); // what is made of a device untyped is a device untyped
    CHECK_ANSWER(retype(place, ObjectType::endpoint, 0, own_cnode(), inner.number()), invalid_argument, 1);
    CHECK_DONE(retype(place, ObjectType::frame_4k, 0, own_cnode(), inner.number()));
}

SYSTEM_TEST("device memory is neither cleared when it is handed out nor when it comes back") {
    constexpr Word address = 0x8000; // conventional memory that no firmware table lies in once a system runs
    const Word slot = device_untyped_at(address);
    REQUIRE(slot != 0);
    const Word base = test::boot_info().untyped_list[slot - test::boot_info().untyped.start].paddr;
    Word before = 0;
    for (unsigned round = 0; round < 3; ++round) {
        REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), 8));
        const Word pages = (address - base) / page_size + 1;
        REQUIRE(pages <= 256);
        REQUIRE_DONE(retype(slot, ObjectType::frame_4k, 0, node, 0, pages));
        REQUIRE_PLACE(frame);
        REQUIRE_OK(frame.ref().move_from(node->at(pages - 1, 8)));
        REQUIRE_VALUE(found, sys::Frame(frame.number()).physical_address());
        CHECK_EQUAL(found, address);
        REQUIRE_VALUE(view, test::View::of(sys::Frame(frame.number())));
        if (round == 0)
            before = view.words()[100];
        if (round == 1)
            CHECK_EQUAL(view.words()[100], 0x1234'5678'9abc'def0);
        view.words()[100] = round == 0 ? 0x1234'5678'9abc'def0 : before;
    }
}

SYSTEM_TEST("RAM comes out zero after it was a CNode, a thread, an endpoint and page tables") {
    REQUIRE_VALUE(memory, test::make_untyped(12));
    for (const Sized& object : all_sized) {
        if (object.type == ObjectType::untyped)
            continue;
        {
            REQUIRE_PLACE(place);
            REQUIRE_DONE(retype(memory, object.type, object.size_bits, own_cnode(), place.number()));
        }
        REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
        REQUIRE_VALUE(view, test::View::of(frame));
        Word sum = 0;
        for (unsigned i = 0; i < 512; ++i) {
            sum |= view.words()[i];
            view.words()[i] = ~Word{0};
        }
        REQUIRE(CHECK_EQUAL(sum, 0));
    }
}
