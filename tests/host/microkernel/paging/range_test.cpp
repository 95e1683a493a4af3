// SPDX-License-Identifier: BSD-2-Clause
// Calls on neighbouring entries: what they do, what they refuse, where they stop; what they leave in the TLB.
#include <support/paged_world.hpp>

using namespace test;

namespace {

constexpr Word accessed = bit(5), dirty = bit(6);

struct Ranges : PagedWorld {
    Word frames = 0;

    /// `count` frames in neighbouring slots.
    explicit Ranges(Word count = 8) {
        frames = make(ObjectType::frame_4k);
        for (Word i = 1; i < count; i++)
            REQUIRE(make(ObjectType::frame_4k) == frames + i);
    }
    CallResult on(Word structure, Method method, const Words& words) { return as_root(structure, method, words); }
    CallResult map(Word address, Word count, abi::PageRights rights = read_write, bool replace = false, Word into = 0) {
        return on(table, Method::range_map, {item(address, rights, replace, into != 0), frames, count, into});
    }
    Word& raw(Word address) {
        return reinterpret_cast<Word&>(window<Table>(cap(table).object())->entries[address >> 12 & 511]);
    }
};

} // namespace

TEST_CASE("the words of a range, and what is refused", "[paging]") {
    Ranges world;
    const auto set = [&](Word structure, const Words& words) {
        return world.on(structure, Method::range_set_keeper, words);
    };
    CHECK(set(world.table, {area, 12, 1, 1, 0}) == Error::truncated_message);
    CHECK(set(world.table, {area, 13, 1, 1, 0, 0}).is(Error::invalid_argument, {1}));
    CHECK(set(world.table, {area, 21, 1, 1, 0, 0}).is(Error::invalid_argument, {1}));
    CHECK(set(at::vspace, {0, 48, 1, 1, 0, 0}).is(Error::invalid_argument, {1}));
    CHECK(set(world.table, {area, 12, 0, 1, 0, 0}).is(Error::range_error, {1, 512}));
    CHECK(set(world.table, {area, 12, 513, 1, 0, 0}).is(Error::range_error, {1, 512}));
    CHECK(set(world.table, {area + 0x20'0000, 12, 1, 1, 0, 0}).is(Error::range_error, {0, area + 0x1f'ffff}));
    CHECK(set(at::vspace, {abi::user_end, 12, 1, 1, 0, 0}).is(Error::range_error, {0, abi::user_end - 1}));
    CHECK(set(world.table, {area + 8, 12, 1, 1, 0, 0}) == Error::alignment_error);
    CHECK(set(world.directory, {area + 0x20'0000, 12, 1, 1, 0, 0}).is(Error::failed_lookup, {0, 2, 21}));
    CHECK(set(world.make(ObjectType::page_table), {area, 12, 1, 1, 0, 0}).is(Error::invalid_capability, {0}));
    CHECK(set(world.make(ObjectType::pml4), {area, 12, 1, 1, 0, 0}).is(Error::invalid_capability, {0}));
    CHECK(set(world.table, {area, 12, 1, 128, 0, 0}).is(Error::invalid_argument, {3}));
    CHECK(set(world.table, {area, 12, 1, 1, bit(36), 0}).is(Error::invalid_argument, {4}));
    CHECK(set(world.table, {area, 12, 3, 1, bit(36) - 2, 1}).is(Error::invalid_argument, {4}));
    CHECK(set(world.table, {area, 12, 2, 1, bit(36) - 2, 1}).ok());
    CHECK(set(at::vspace, {0, 39, 512, 1, abi::unchanged, 0}).words == Words{256}); // the user half
}

TEST_CASE("keeper indices and cookies; a page keeps what it is", "[paging]") {
    Ranges world;
    REQUIRE(world.map(area, 1).ok());
    const Entry page = world.entry(area);
    world.keep(area, 3, 5, 0xf'ffff'fff0, 2);
    CHECK(world.entry(area) == page.with_keeper(5));
    CHECK(world.entry(area + 0x1000).cookie() == 0xf'ffff'fff2);
    CHECK(world.entry(area + 0x2000).cookie() == 0xf'ffff'fff4);
    CHECK(world.entry(area + 0x2000).keeper() == 5);
    CHECK((world.entry(area + 0x2000).raw() & (ones(52) & ~ones(43))) == (ones(52) & ~ones(43)));
    world.keep(area, 3, abi::unchanged, 0);
    CHECK(world.entry(area + 0x1000) == Entry::absent(5));
    world.keep(area + 0x1000, 1, 5, 7);
    world.keep(area, 3, 6);
    CHECK(world.entry(area + 0x1000) == Entry::absent(6, 7));
    // Unmapping leaves the index.
    REQUIRE(world.as_root(world.frames, Method::page_unmap).ok());
    CHECK(world.entry(area) == Entry::absent(6));
}

TEST_CASE("frames from neighbouring slots; empty ones are passed over; it stops where it cannot go on", "[paging]") {
    Ranges world;
    REQUIRE(world.as_root(at::cnode, Method::cnode_delete, {world.frames + 2, 64}).ok());
    CHECK(world.map(area, 4).words == Words{4});
    CHECK(world.frame_at(area + 0x3000) == world.cap(world.frames + 3).object());
    CHECK_FALSE(world.entry(area + 0x2000).is_present());
    CHECK(world.map(area, 4).words == Words{4}); // there already: rights and type may change
    const auto map_others = [&](Word address) {
        return world.on(world.table, Method::range_map,
                        {PagedWorld::item(address, read_write), world.frames + 4, 2, 0});
    };
    CHECK(map_others(area) == Error::delete_first);              // the first is the call's error ...
    CHECK(map_others(area + 0x2000).words == Words{1});          // ... later ones end it
    CHECK(world.map(area + 0x6000, 4) == Error::invalid_capability); // mapped elsewhere
    CHECK(world.map(area + 0x1f'f000, 4) == Error::invalid_capability);
    CHECK(world.map(area, 0) == Error::range_error);
    CHECK(world.map(area, 1, write_execute) == Error::illegal_operation);
    CHECK(world.map(area + 0x20'0000, 1) == Error::range_error);
}

TEST_CASE("a range of nothing, of what is no frame, of frames that are too large", "[paging]") {
    Ranges world;
    const Word nothing = world.free_slot();
    world.free_slot();
    const Word top_pdpt = world.make(ObjectType::pdpt), top_directory = world.make(ObjectType::page_directory);
    const Word small = world.make(ObjectType::frame_4k), behind = world.free_slot();
    const Word large = world.make(ObjectType::frame_2m);
    const auto map_from = [&](Word slot) {
        return world.on(world.table, Method::range_map, {PagedWorld::item(area, read_write), slot, 2, 0});
    };
    CHECK(map_from(nothing).words == Words{2});
    CHECK(map_from(world.faults).is(Error::invalid_capability, {1}));
    CHECK(map_from(large).is(Error::invalid_capability, {1}));
    const auto map_in = [&](Word structure, Word address, Word slot) {
        return world.on(structure, Method::range_map, {PagedWorld::item(address, read_write), slot, 2, 0});
    };
    // The last page of the lower half is never mapped, so no large page reaches it.
    const Word last = Word{1} << 47, span = Word{1} << 21;
    REQUIRE(world.as_root(top_pdpt, Method::pdpt_map, {last - span, 0}, {at::vspace}).ok());
    REQUIRE(world.as_root(top_directory, Method::page_directory_map, {last - span, 0}, {at::vspace}).ok());
    CHECK(map_in(at::vspace, last - span, large) == Error::range_error);
    CHECK(map_in(at::vspace, last - 2 * span, large).ok());
    // Frames of two sizes: the second ends it.
    REQUIRE(world.as_root(at::cnode, Method::cnode_copy, {behind, 64, large, 64, 15}, {at::cnode}).ok());
    CHECK(map_in(world.table, area, small).words == Words{1});
    // Where nothing is mapped there is nothing to do.
    CHECK(world.on(world.table, Method::range_protect, {area, 12, 3, 0}).words == Words{3});
    CHECK(world.on(world.table, Method::range_harvest, {area, 12, 3, 3}).words.at(0) == 3);
    CHECK(world.on(world.directory, Method::range_unmap, {area, 21, 1, 0, 0}) == Error::delete_first);
}

TEST_CASE("a range stops at the end of its table", "[paging]") {
    Ranges world;
    CHECK(world.map(area + 0x1f'e000, 8).words == Words{2});
    CHECK(world.cap(world.frames + 1).is_mapped());
    CHECK_FALSE(world.cap(world.frames + 2).is_mapped());
}

TEST_CASE("a range of copies, and over cookies", "[paging]") {
    Ranges world;
    const Word into = world.free_slot();
    for (unsigned i = 1; i < 4; i++)
        world.free_slot();
    world.keep(area, 4, 1, 9);
    CHECK(world.map(area, 4, read_only, false, into) == Error::delete_first);
    CHECK(world.map(area, 4, read_only, true, into).words == Words{4});
    CHECK_FALSE(world.cap(world.frames).is_mapped());
    CHECK(world.cap(into + 3).is_mapped());
    CHECK(world.frame_at(area + 0x3000) == world.cap(world.frames + 3).object());
    CHECK(world.entry(area).keeper() == 1);
}

TEST_CASE("an interrupt ends a range call that got somewhere", "[paging]") {
    Ranges world(40);
    world.interrupt_at_look(1);
    const CallResult mapped = world.map(area, 40);
    world.no_interrupts();
    REQUIRE(mapped.ok());
    CHECK(mapped.words.at(0) >= 1);
    CHECK(mapped.words.at(0) < 40);
    CHECK(world.cap(world.frames + mapped.words[0] - 1).is_mapped());
    CHECK_FALSE(world.cap(world.frames + mapped.words[0]).is_mapped());
}

TEST_CASE("Protect takes rights away, never adds, keeps what the CPU noted", "[paging]") {
    Ranges world;
    REQUIRE(world.map(area, 3).ok());
    world.raw(area) |= accessed | dirty;
    CHECK(world.on(world.table, Method::range_protect, {area, 12, 3, 8}).is(Error::invalid_argument, {3}));
    CHECK(world.on(world.table, Method::range_protect, {area, 12, 3, read_only.raw()}).words == Words{3});
    CHECK_FALSE(world.entry(area).is_writable());
    CHECK(world.entry(area).is_dirty());
    CHECK(world.entry(area).is_accessed());
    REQUIRE(world.on(world.table, Method::range_protect, {area, 12, 3, 7}).ok());
    CHECK_FALSE(world.entry(area).is_writable());
    CHECK_FALSE(world.entry(area).is_executable());
    REQUIRE(world.on(world.table, Method::range_protect, {area, 12, 1, 0}).ok());
    CHECK_FALSE(world.entry(area).is_user());
    CHECK(world.on(world.directory, Method::range_protect, {area, 21, 1, 2}) == Error::delete_first);
}

TEST_CASE("Unmap tells exactly which pages were written to", "[paging]") {
    Ranges world;
    REQUIRE(world.map(area, 4).ok());
    world.raw(area + 0x1000) |= accessed | dirty;
    world.raw(area + 0x3000) |= accessed | dirty;
    const CallResult unmapped = world.on(world.table, Method::range_unmap, {area, 12, 5, 0x100, 0x10});
    REQUIRE(unmapped.ok());
    CHECK(unmapped.words == Words{5, 0b1010, 0, 0, 0, 0, 0, 0, 0});
    CHECK(world.entry(area + 0x3000).cookie() == 0x130);
    CHECK(world.entry(area + 0x4000).is_empty()); // there was nothing to unmap
    CHECK(world.map(area + 0x1000, 1).words == Words{}); // a cookie
}

TEST_CASE("Harvest reads and forgets what the CPU noted", "[paging]") {
    Ranges world;
    REQUIRE(world.map(area, 4).ok());
    world.raw(area) |= accessed;
    world.raw(area + 0x2000) |= accessed | dirty;
    const auto harvest = [&](Word clear) { return world.on(world.table, Method::range_harvest, {area, 12, 4, clear}); };
    CHECK(harvest(4).is(Error::invalid_argument, {3}));
    Words words = harvest(0).words;
    REQUIRE(words.size() == 17);
    CHECK(words[0] == 4);
    CHECK(words[1] == 0b101);
    CHECK(words[9] == 0b100);
    CHECK(harvest(abi::was_accessed).words == words);
    words[1] = 0;
    CHECK(harvest(abi::was_dirty).words == words);
    words[9] = 0;
    CHECK(harvest(0).words == words);
    CHECK(world.entry(area).is_writable());
}

TEST_CASE("what a range call changes is thrown out of the TLB, and nothing else", "[paging][X11]") {
    Ranges world;
    REQUIRE(world.map(area, 1).ok());
    world.raw(area) |= accessed | dirty;
    const auto invalidated = [&](Method method, const Words& words) {
        world.run(world.root());
        x86::simulated.invlpg.clear();
        REQUIRE(world.invoke(world.table, method, words).words.at(0) == 1);
        return x86::simulated.invlpg.size();
    };
    CHECK(invalidated(Method::range_harvest, {area, 12, 1, 0}) == 0);
    CHECK(invalidated(Method::range_harvest, {area, 12, 1, abi::was_dirty}) == 1);
    CHECK(invalidated(Method::range_harvest, {area, 12, 1, abi::was_dirty}) == 0);
    CHECK(invalidated(Method::range_protect, {area, 12, 1, 7}) == 0);
    CHECK(invalidated(Method::range_protect, {area, 12, 1, read_only.raw()}) == 1);
    CHECK(invalidated(Method::range_set_keeper, {area, 12, 1, 5, abi::unchanged, 0}) == 0);
    CHECK(invalidated(Method::range_unmap, {area, 12, 1, 0, 0}) == 1);
    CHECK(invalidated(Method::range_unmap, {area, 12, 1, 0, 0}) == 0);
}

TEST_CASE("Read shows entries as they are, and the way down", "[paging]") {
    Ranges world;
    REQUIRE(world.map(area, 2).ok());
    world.keep(area + 0x2000, 1, 3, 4);
    const CallResult shown = world.on(world.table, Method::range_read, {area, 12, 3});
    CHECK(shown.words ==
          Words{3, world.entry(area).raw(), world.entry(area + 0x1000).raw(), Entry::absent(3, 4).raw()});
    CHECK(world.on(world.table, Method::range_read, {area, 12, 512}).words.at(0) == abi::max_read);
    const Words way = world.on(at::vspace, Method::range_read, {area + 0x1234, 0, 1}).words;
    REQUIRE(way.size() == 5);
    CHECK(way[0] == 4);
    CHECK(way[4] == world.entry(area + 0x1000).raw());
    CHECK(world.on(world.table, Method::range_read, {area, 0, 1}).words == Words{1, world.entry(area).raw()});
    CHECK(world.on(at::vspace, Method::range_read, {area + 0x20'0000, 0, 1}).words.at(0) == 3);
}

TEST_CASE("Evict leaves a cookie and says what the CPU noted", "[paging]") {
    Ranges world;
    CHECK(world.on(world.frames, Method::page_evict, {1}) == Error::illegal_operation);
    REQUIRE(world.map(area, 1).ok());
    CHECK(world.on(world.frames, Method::page_evict, {bit(36)}).is(Error::invalid_argument, {0}));
    world.raw(area) |= accessed | dirty;
    CHECK(world.on(world.frames, Method::page_evict, {77}).words == Words{abi::was_accessed | abi::was_dirty});
    CHECK(world.entry(area) == Entry::absent(0, 77));
    CHECK_FALSE(world.cap(world.frames).is_mapped());
}

TEST_CASE("Inspect shows what slots hold, and where it is", "[paging]") {
    Ranges world;
    REQUIRE(world.map(area, 1).ok());
    CHECK(world.as_root(at::cnode, Method::cnode_inspect, {world.frames, 64, 0}).is(Error::range_error, {1, 39}));
    CHECK(world.as_root(at::cnode, Method::cnode_inspect, {world.frames, 64, 40}).is(Error::range_error, {1, 39}));
    CHECK(world.as_root(at::cnode, Method::cnode_inspect, {0x5000, 64, 1}) == Error::failed_lookup);
    const Words shown = world.as_root(at::cnode, Method::cnode_inspect, {world.frames, 64, 2}).words;
    REQUIRE(shown.size() == 6);
    const abi::InspectedSlot mapped(shown[0]), other(shown[3]);
    CHECK(mapped.type() == abi::SlotType::frame);
    CHECK(mapped.size_bits() == 12);
    CHECK(mapped.rights() == 15);
    CHECK(mapped.is_mapped());
    CHECK(mapped.asid() == world.cap(at::vspace).asid().value);
    CHECK(shown[1] == world.cap(world.frames).object().raw());
    CHECK(shown[2] == area);
    CHECK_FALSE(other.is_mapped());
    const auto first = [&](Word slot) {
        return abi::InspectedSlot(world.as_root(at::cnode, Method::cnode_inspect, {slot, 64, 1}).words.at(0));
    };
    CHECK(first(world.table).type() == abi::SlotType::page_table);
    CHECK(first(world.table).is_mapped());
    CHECK(first(at::vspace).is_mapped());
    CHECK(first(world.free_slot()).type() == abi::SlotType::empty);
    CHECK(first(at::untyped).type() == abi::SlotType::untyped);
    CHECK(world.as_root(at::cnode, Method::cnode_inspect, {at::untyped, 64, 1}).words.at(2) ==
          world.cap(at::untyped).watermark());
    // Nobody listens.
    world.run(world.root());
    CHECK(
        world.send(world.root(), at::cnode, static_cast<Word>(Method::cnode_inspect), {world.frames, 64, 2}).completed);
    CHECK(world.send(world.root(), world.table, static_cast<Word>(Method::range_read), {area, 12, 2}).completed);
    // At the end of the CNode there is no more to show.
    CHECK(world.as_root(at::cnode, Method::cnode_inspect, {bit(root_radix) - 2, 64, 39}).words.size() == 6);
}
