// SPDX-License-Identifier: BSD-2-Clause
// Calls on ranges, and the store of frames, on the kernel's core; interrupts stop range calls early.
#include <support/catch.hpp>

#include <pagers/host_platform.hpp>
#include <tests/pagers/subject.hpp>

#include <map>

using namespace sys::pager;
using abi::Word;
using conformance::Post;
using conformance::Stage;

namespace {

/// A region, no pager; its first pages have frames.
struct Mapped {
    static constexpr Word frames = 40, behind_the_border = 16;
    test::HostPlatform platform;
    Stage stage{platform};
    Post post{0};

    Mapped() {
        REQUIRE(stage.make().is_ok());
        REQUIRE(post.make(stage, {frames}).is_ok());
    }
    const Region& region() const { return post.region; }
    /// Frame n at page n.
    void map(Word first, Word count) {
        TableStock tables(stage.memory(), stage.space().cnode(), *stage.slots(4), 4);
        for (Word page = first; page < first + count;) {
            const auto done =
                region().tables.map(sys::Place(region().address_of(page), sys::PageRights(3), 0, false, true),
                                    post.frames->capability(page).slot(), 1, region().mapped(page).slot());
            if (done)
                page += *done;
            else
                REQUIRE(tables.add(done.error(), stage.client_space(), region().address_of(page)).is_ok());
        }
    }
    std::map<Word, TableEntry> survey() {
        std::map<Word, TableEntry> entries;
        REQUIRE(
            region().survey([&](Word page, TableEntry entry) { CHECK(entries.emplace(page, entry).second); }).is_ok());
        return entries;
    }
};

} // namespace

TEST_CASE("pager kit: range calls go on where an interrupt stopped them") {
    Mapped mapped;
    mapped.map(0, Mapped::frames);
    mapped.platform.rig.interrupt_at_each_look();
    const Word before = mapped.platform.rig.entries();
    REQUIRE(mapped.region().protect(0, Stage::pages, sys::PageRights(2)).is_ok());
    CHECK(mapped.platform.rig.entries() - before > 3); // two tables, and it stopped
    for (const auto& [page, entry] : mapped.survey()) {
        CHECK(entry.is_present() == (page < Mapped::frames));
        CHECK_FALSE(entry.is_writable());
    }
    std::vector<unsigned> seen(Stage::pages);
    const auto count = [&](Word page, auto...) { ++seen[page]; };
    REQUIRE(mapped.region().harvest(0, Stage::pages, abi::was_accessed, count).is_ok());
    CHECK(seen == std::vector<unsigned>(Stage::pages, 1));
    REQUIRE(mapped.region().set_keeper(0, Stage::pages, 5).is_ok());
    seen.assign(Stage::pages, 0);
    REQUIRE(mapped.region().unmap(0, Stage::pages, 100, 2, count).is_ok());
    CHECK(seen == std::vector<unsigned>(Stage::pages, 1));
    for (const auto& [page, entry] : mapped.survey()) {
        CHECK_FALSE(entry.is_present());
        CHECK(entry.cookie() == (page < Mapped::frames ? 100 + 2 * page : 0)); // pages leave one
        CHECK(entry.keeper() == 5);
    }
    REQUIRE(mapped.region().forget(0, Stage::pages).is_ok());
    for (const auto& [page, entry] : mapped.survey())
        CHECK((entry.cookie() == 0 && entry.keeper() == 5));
}

TEST_CASE("pager kit: where there is no table there is no page") {
    Mapped mapped;
    CHECK(mapped.survey().empty());
    mapped.map(Mapped::behind_the_border, 2);
    const auto entries = mapped.survey();
    CHECK(entries.size() == Stage::pages - Mapped::behind_the_border);
    CHECK(entries.at(Mapped::behind_the_border).is_present());
    CHECK(mapped.region().protect(0, Stage::pages, sys::PageRights(2)).is_ok());
    unsigned unmapped = 0;
    CHECK(mapped.region().unmap(3, 20, 0, 0, [&](Word, bool) { ++unmapped; }).is_ok());
    CHECK(unmapped == 23 - Mapped::behind_the_border);
    // But a keeper needs an entry.
    CHECK_FALSE(mapped.region().set_keeper(0, Stage::pages, 5).is_ok());
    CHECK(mapped.region().set_keeper(Mapped::behind_the_border, 1, 5).is_ok());
}

TEST_CASE("pager kit: a region is not left") {
    Mapped mapped;
    for (const auto& [first, count] : {std::pair<Word, Word>{0, Stage::pages + 1},
                                       {Stage::pages, 1},
                                       {Stage::pages + 1, 0},
                                       {1, ~Word{0}},
                                       {~Word{0}, 2}}) {
        const auto refused = mapped.region().protect(first, count, sys::PageRights(2));
        CHECK((!refused && refused.error() == sys::ErrorCode::out_of_range));
    }
    CHECK(mapped.region().protect(Stage::pages, 0, sys::PageRights(2)).is_ok());
    CHECK(mapped.region().page_of(Stage::start - 1) == std::nullopt);
    CHECK(mapped.region().page_of(Stage::start + Stage::pages * page_size) == std::nullopt);
    CHECK(mapped.region().page_of(Stage::start + Stage::pages * page_size - 1) == Stage::pages - 1);
}

TEST_CASE("pager kit: a frame store knows its frames again") {
    Mapped mapped;
    mapped.map(3, 5);
    FrameStore& frames = *mapped.post.frames;
    for (Word frame = 0; frame < Mapped::frames; ++frame) {
        const auto found = frames.find(*frames.capability(frame).physical_address());
        REQUIRE(found);
        CHECK(*found == frame);
    }
    CHECK(*frames.find(Word{0x1000}) == std::nullopt);
    CHECK(*frames.find(~Word{0xfff}) == std::nullopt);
    REQUIRE(mapped.region().mapped(4).evict(FrameStore::cookie_of(4)));
    REQUIRE(mapped.region().mapped(5).evict(Mapped::frames + 1)); // nobody's number
    REQUIRE(frames.recover(mapped.region()).is_ok());
    CHECK(frames.free_count() == Mapped::frames - 4);
    for (const Word page : {3, 4, 6, 7})
        CHECK(frames.owner(page) == page);
    CHECK(frames.named_by(FrameStore::cookie_of(4), 4) == 4);
    CHECK(frames.named_by(FrameStore::cookie_of(4), 5) == std::nullopt);
    CHECK(frames.named_by(Mapped::frames + 1, 5) == std::nullopt);
    CHECK(frames.named_by(0, 0) == std::nullopt);
}

TEST_CASE("pager kit: a frame store gives each frame once, and clear ones if asked") {
    Mapped mapped;
    FrameStore& frames = *mapped.post.frames;
    for (Word frame = 0; frame < Mapped::frames; ++frame) {
        const auto taken = frames.take(frame);
        REQUIRE(taken);
        memset(frames.bytes(*taken).data(), 0x77, page_size);
    }
    const auto refused = frames.take(1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == sys::ErrorCode::out_of_memory);
    frames.give_back(7);
    const auto again = frames.take_clear(99);
    REQUIRE(again);
    CHECK(*again == 7);
    CHECK(std::ranges::count(frames.bytes(7), 0) == page_size);
    CHECK(frames.bytes(8)[0] == 0x77);
    CHECK(frames.owned_by(99) == 7);
}

TEST_CASE("pager kit: a stock of tables passes over what a former instance made") {
    Mapped mapped;
    const Word first = *mapped.stage.slots(3);
    const auto stock = [&] { return TableStock(mapped.stage.memory(), mapped.stage.space().cnode(), first, 3); };
    TableStock one = stock();
    const auto table = one.make(sys::MissingLevel::page_table);
    REQUIRE(table);
    CHECK(table->slot() == first);
    TableStock next = stock();
    const auto another = next.make(sys::MissingLevel::pdpt);
    REQUIRE(another);
    CHECK(another->slot() == first + 1);
    CHECK(next.make(sys::MissingLevel::page_directory).is_ok());
    const auto none = next.make(sys::MissingLevel::page_table);
    REQUIRE_FALSE(none);
    CHECK(none.error() == sys::ErrorCode::out_of_slots);
}
