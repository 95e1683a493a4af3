// SPDX-License-Identifier: BSD-2-Clause
// What the Map and Unmap methods refuse, in which order, and with which words.
#include <sys/cap/asid.hpp>
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using test::AddressSpace;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::page_size;
using test::Word;

namespace {

constexpr Word large_size = Word{1} << abi::large_page_bits;
constexpr Word huge_size = Word{1} << abi::huge_page_bits;
constexpr Word somewhere = 0x40'4060'1000; // in no table of a fresh space
constexpr Word not_user_half[] = {0x8000'0000'0000,      0xffff'7fff'ffff'f000, 0xffff'8000'0000'0000,
                                  0xffff'ffff'8000'0000, 0xffff'ffff'ffff'f000, Word{1} << 63};

Answer map(AnyCap frame, AnyCap space, Word address, Word rights = 3, Word attributes = 0) {
    return invoke(frame, Invocation::page_map, {address, rights, attributes}, {space});
}

/// The three kinds of tables and their methods.
struct TableKind {
    abi::ObjectType type;
    Invocation map;
    Invocation unmap;
    Word missing; ///< bits left where the level above is missing; 0: there is always one
    unsigned span_bits;
};
constexpr TableKind kinds[] = {
    {abi::ObjectType::pdpt, Invocation::pdpt_map, Invocation::pdpt_unmap, 0, 39},
    {abi::ObjectType::page_directory, Invocation::page_directory_map, Invocation::page_directory_unmap, 39, 30},
    {abi::ObjectType::page_table, Invocation::page_table_map, Invocation::page_table_unmap, 30, 21}};

/// A space with its tables down to a page table at `somewhere`.
struct Tree {
    Cap<sys::Untyped> memory;
    Cap<sys::VSpace> space;
    Cap<sys::Object> tables[3];

    sys::Result<void> make(unsigned levels = 3) {
        memory = TRY(test::make_untyped(17));
        space = TRY(sys::make_object<sys::VSpace>(test::space(), memory));
        TRY(sys::AsidPool(abi::root_slot::asid_pool).assign(space));
        for (unsigned i = 0; i < 3; ++i) {
            tables[i] = TRY(test::make(memory, kinds[i].type));
            if (i < levels && !invoke(tables[i], kinds[i].map, {somewhere, 0}, {space}).is_done())
                return sys::ErrorCode::invalid_value;
        }
        return {};
    }
};

} // namespace

SYSTEM_TEST("Page.Map: a space without ASID is capability 1") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(bare, sys::make_object<sys::VSpace>(test::space(), memory));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    CHECK_ANSWER(map(frame, bare, 0x400000), invalid_capability, 1);
    CHECK_ANSWER(map(frame, bare, 0x400001), invalid_capability, 1);
    CHECK_ANSWER(map(frame, bare, ~Word{0}), invalid_capability, 1);
}

SYSTEM_TEST("Page.Map: a mapped frame goes neither to another space nor to another address") {
    Tree tree, other;
    REQUIRE_OK(tree.make());
    REQUIRE_OK(other.make());
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), tree.memory));
    REQUIRE_DONE(map(frame, tree.space, somewhere));
    CHECK_ANSWER(map(frame, other.space, somewhere), invalid_capability, 1);
    CHECK_ANSWER(map(frame, other.space, somewhere + 1), invalid_capability, 1);
    for (const Word address : {somewhere + page_size, somewhere + 8, Word{0}, ~Word{0}, Word{0x8000'0000'0000}})
        CHECK_ANSWER(map(frame, tree.space, address), invalid_argument, 0);
    CHECK_DONE(map(frame, tree.space, somewhere, 2, 8)); // the same address: remapped
    CHECK_DONE(invoke(frame, Invocation::page_unmap));
    CHECK_DONE(map(frame, other.space, somewhere));
}

SYSTEM_TEST("Page.Map: a frame that would end above the user half is argument 0, for all sizes, and before alignment") {
    Tree tree;
    REQUIRE_OK(tree.make());
    REQUIRE_VALUE(large_memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(small, sys::make_object<sys::Frame>(test::space(), tree.memory));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), large_memory));
    for (const Word address : not_user_half) {
        CHECK_ANSWER(map(small, tree.space, address), invalid_argument, 0);
        CHECK_ANSWER(map(large, tree.space, address), invalid_argument, 0);
    }
    CHECK_ANSWER(map(small, tree.space, abi::user_end), invalid_argument, 0);
    CHECK_ANSWER(map(small, tree.space, abi::user_end - 1), invalid_argument, 0);
    CHECK_ANSWER(map(small, tree.space, ~Word{0}), invalid_argument, 0);
    CHECK_ANSWER(map(large, tree.space, abi::user_end - large_size + 1), invalid_argument, 0);
    CHECK_ANSWER(map(large, tree.space, 0x8000'0000'0000 - large_size), invalid_argument, 0); // its last page
    CHECK_ANSWER(map(large, tree.space, ~Word{0} - large_size), invalid_argument, 0);
    // The last that fit are only missing tables.
    CHECK_ANSWER(map(small, tree.space, abi::user_end - page_size), failed_lookup, 0, 2, 39);
    CHECK_ANSWER(map(large, tree.space, 0x8000'0000'0000 - 2 * large_size), failed_lookup, 0, 2, 39);
}

SYSTEM_TEST(
    "Page.Map: an address that is not a multiple of the frame's size is an alignment error, before the tables") {
    Tree tree;
    REQUIRE_OK(tree.make());
    REQUIRE_VALUE(large_memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(small, sys::make_object<sys::Frame>(test::space(), tree.memory));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), large_memory));
    for (const Word off : {Word{1}, Word{8}, Word{2048}, Word{4095}}) {
        CHECK_ANSWER(map(small, tree.space, somewhere + off), alignment_error);
        CHECK_ANSWER(map(small, tree.space, 0x1000'0000'0000 + off), alignment_error); // no table there
    }
    for (const Word off : {Word{1}, page_size, large_size / 2, large_size - page_size})
        CHECK_ANSWER(map(large, tree.space, 0x1000'0000'0000 + off), alignment_error);
}

SYSTEM_TEST("Page.Map: a missing table is told by its level: 39, 30, 21 bits left") {
    constexpr Word left[] = {39, 30, 21};
    for (unsigned levels = 0; levels < 3; ++levels) {
        Tree tree;
        REQUIRE_OK(tree.make(levels));
        REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), tree.memory));
        CHECK_ANSWER(map(frame, tree.space, somewhere), failed_lookup, 0, 2, left[levels]);
    }
    // A large frame needs a directory, and no page table.
    REQUIRE_VALUE(large_memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), large_memory));
    const Word large_place = somewhere & ~(large_size - 1);
    for (unsigned levels = 0; levels < 2; ++levels) {
        Tree tree;
        REQUIRE_OK(tree.make(levels));
        CHECK_ANSWER(map(large, tree.space, large_place), failed_lookup, 0, 2, left[levels]);
    }
    Tree tree;
    REQUIRE_OK(tree.make(2));
    CHECK_DONE(map(large, tree.space, large_place));
}

SYSTEM_TEST("Page.Map: a large frame over a table is refused; a small one under a large one misses its table") {
    Tree tree;
    REQUIRE_OK(tree.make());
    REQUIRE_VALUE(large_memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), large_memory));
    REQUIRE_VALUE(small, sys::make_object<sys::Frame>(test::space(), tree.memory));
    const Word place = somewhere & ~(large_size - 1);
    CHECK_ANSWER(map(large, tree.space, place), delete_first);
    CHECK_DONE(map(large, tree.space, place + large_size));
    CHECK_ANSWER(map(small, tree.space, place + large_size), failed_lookup, 0, 2, 21);
    CHECK_DONE(map(small, tree.space, somewhere));
}

SYSTEM_TEST("Page.Map: a space whose pool is gone is an invalid root, after the range and before alignment") {
    REQUIRE_VALUE(pool_memory, test::make_untyped(12));
    REQUIRE_VALUE(memory, test::make_untyped(15));
    REQUIRE_PLACE(pool);
    REQUIRE_OK(sys::AsidControl(abi::root_slot::asid_control).make_pool(pool_memory, pool.ref()));
    REQUIRE_VALUE(space, sys::make_object<sys::VSpace>(test::space(), memory));
    REQUIRE_OK(sys::AsidPool(pool.number()).assign(space));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    REQUIRE_VALUE(table, sys::make_object<sys::Pdpt>(test::space(), memory));
    CHECK_ANSWER(map(frame, space, somewhere), failed_lookup, 0, 2, 39);
    REQUIRE_OK(pool.ref().remove());
    CHECK_ANSWER(map(frame, space, somewhere), failed_lookup, 0, 1);
    CHECK_ANSWER(map(frame, space, somewhere + 1), failed_lookup, 0, 1);
    CHECK_ANSWER(map(frame, space, abi::user_end), invalid_argument, 0);
    CHECK_ANSWER(invoke(table, Invocation::pdpt_map, {somewhere, 0}, {space}), failed_lookup, 0, 1);
    CHECK_ANSWER(invoke(table, Invocation::pdpt_map, {Word{1} << 63, 0}, {space}), invalid_argument, 0);
}

SYSTEM_TEST("table maps: already mapped is capability 0, before the space, the address and the place") {
    Tree tree;
    REQUIRE_OK(tree.make());
    REQUIRE_VALUE(bare, sys::make_object<sys::VSpace>(test::space(), tree.memory));
    for (unsigned i = 0; i < 3; ++i) {
        const auto attempt = [&](Word address, AnyCap space) {
            return invoke(tree.tables[i], kinds[i].map, {address, 0}, {space});
        };
        CHECK_ANSWER(attempt(somewhere, tree.space), invalid_capability, 0);
        CHECK_ANSWER(attempt(somewhere + (Word{1} << 40), tree.space), invalid_capability, 0);
        CHECK_ANSWER(attempt(Word{1} << 63, bare), invalid_capability, 0);
    }
}

SYSTEM_TEST("table maps: no space with ASID is capability 1, an address of the upper half argument 0") {
    Tree tree;
    REQUIRE_OK(tree.make(0));
    REQUIRE_VALUE(bare, sys::make_object<sys::VSpace>(test::space(), tree.memory));
    for (unsigned i = 0; i < 3; ++i) {
        CHECK_ANSWER(invoke(tree.tables[i], kinds[i].map, {somewhere, 0}, {bare}), invalid_capability, 1);
        CHECK_ANSWER(invoke(tree.tables[i], kinds[i].map, {~Word{0}, 0}, {bare}), invalid_capability, 1);
        for (const Word address : not_user_half)
            CHECK_ANSWER(invoke(tree.tables[i], kinds[i].map, {address, 0}, {tree.space}), invalid_argument, 0);
    }
}

SYSTEM_TEST("table maps: a missing upper table is told by its level") {
    Tree tree;
    REQUIRE_OK(tree.make(0));
    for (unsigned i = 1; i < 3; ++i)
        CHECK_ANSWER(invoke(tree.tables[i], kinds[i].map, {somewhere, 0}, {tree.space}), failed_lookup, 0, 2, 39);
    REQUIRE_DONE(invoke(tree.tables[0], kinds[0].map, {somewhere, 0}, {tree.space}));
    CHECK_ANSWER(invoke(tree.tables[2], kinds[2].map, {somewhere, 0}, {tree.space}), failed_lookup, 0, 2, 30);
}

SYSTEM_TEST("table maps: a place that holds a table or a large frame is refused") {
    Tree tree;
    REQUIRE_OK(tree.make());
    for (const TableKind& kind : kinds) {
        REQUIRE_VALUE(second, test::make(tree.memory, kind.type));
        CHECK_ANSWER(invoke(second, kind.map, {somewhere, 0}, {tree.space}), delete_first);
        const Word last_of_span = somewhere | ((Word{1} << kind.span_bits) - 1);
        CHECK_ANSWER(invoke(second, kind.map, {last_of_span, 0}, {tree.space}), delete_first);
    }
    REQUIRE_VALUE(large_memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), large_memory));
    const Word place = (somewhere & ~(large_size - 1)) + large_size;
    REQUIRE_DONE(map(large, tree.space, place));
    REQUIRE_VALUE(table, test::make(tree.memory, abi::ObjectType::page_table));
    CHECK_ANSWER(invoke(table, Invocation::page_table_map, {place, 0}, {tree.space}), delete_first);
    REQUIRE_DONE(invoke(large, Invocation::page_unmap));
    CHECK_DONE(invoke(table, Invocation::page_table_map, {place, 0}, {tree.space}));
}

SYSTEM_TEST("table maps: the address is rounded down, not refused") {
    Tree tree;
    REQUIRE_OK(tree.make(0));
    const Word odd = somewhere | 0x1f'ffff; // the last byte of the page table's span
    for (unsigned i = 0; i < 3; ++i)
        REQUIRE_DONE(invoke(tree.tables[i], kinds[i].map, {odd, 0}, {tree.space}));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), tree.memory));
    CHECK_DONE(map(frame, tree.space, somewhere & ~(large_size - 1)));
}

SYSTEM_TEST("table unmaps: a table that is not mapped is no mistake; one with a second capability is") {
    Tree tree;
    REQUIRE_OK(tree.make());
    for (const TableKind& kind : kinds) {
        REQUIRE_VALUE(fresh, test::make(tree.memory, kind.type));
        CHECK_DONE(invoke(fresh, kind.unmap));
    }
    for (unsigned i = 3; i-- > 0;) {
        REQUIRE_PLACE(copy);
        REQUIRE_OK(copy.ref().copy_from(tree.tables[i].ref()));
        CHECK_ANSWER(invoke(tree.tables[i], kinds[i].unmap), revoke_first);
        CHECK_ANSWER(invoke(copy, kinds[i].unmap), revoke_first);
        REQUIRE_OK(copy.ref().remove());
        CHECK_DONE(invoke(tree.tables[i], kinds[i].unmap));
    }
}

SYSTEM_TEST("1 GiB frames: size and alignment are checked as for the others, where the CPU has them") {
    // There is not so much RAM here; the device memory above it has 1 GiB frames at 1 GiB boundaries.
    const abi::SlotRegion region = test::boot_info().untyped;
    Word slot = 0;
    for (Word i = 0; i < region.count() && slot == 0; ++i) {
        const abi::UntypedDescriptor& piece = test::boot_info().untyped_list[i];
        if (piece.is_device && piece.size_bits >= abi::huge_page_bits && piece.paddr >= Word{1} << 32)
            slot = region.start + i;
    }
    REQUIRE(slot != 0);
    REQUIRE_VALUE(huge, sys::make_object<sys::HugeFrame>(test::space(), sys::Untyped(slot)));
    CHECK_EQUAL(huge->physical_address().take() % huge_size, 0);
    Tree tree;
    REQUIRE_OK(tree.make(1));
    const Word place = somewhere & ~(huge_size - 1);
    CHECK_ANSWER(map(huge, tree.space, place + large_size), alignment_error);
    CHECK_ANSWER(map(huge, tree.space, 0x8000'0000'0000 - huge_size), invalid_argument, 0);
    CHECK_ANSWER(map(huge, tree.space, Word{1} << 45), failed_lookup, 0, 2, 39);
    CHECK_DONE(map(huge, tree.space, place, 2, 3));
    REQUIRE_VALUE(directory, test::make(tree.memory, abi::ObjectType::page_directory));
    CHECK_ANSWER(invoke(directory, Invocation::page_directory_map, {place, 0}, {tree.space}), delete_first);
    CHECK_DONE(map(huge, tree.space, place, 3, 4)); // remapped: PAT is ignored
    CHECK_DONE(invoke(huge, Invocation::page_unmap));
    CHECK_DONE(invoke(directory, Invocation::page_directory_map, {place, 0}, {tree.space}));
    CHECK_ANSWER(map(huge, tree.space, place), delete_first);
}
