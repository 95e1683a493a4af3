// SPDX-License-Identifier: BSD-2-Clause
// The store of the swap server: what was written is read, until it is full.
#include <array>
#include <catch.hpp>
#include <random>
#include <servers/swap/compressed_store.hpp>
#include <sys/protocol/swap.hpp>
#include <vector>

using swap_server::CompressedStore;
using sys::Word;
using Page = std::array<uint8_t, CompressedStore::page_size>;
using sys::protocol::swap::Error;

namespace {

struct Store {
    std::vector<uint8_t> memory, taken;
    std::vector<CompressedStore::Place> slots;
    CompressedStore store;

    Store(Word units, Word slot_count)
        : memory(units * CompressedStore::unit_size), taken(units), slots(slot_count), store(memory, taken, slots) {}
};

/// Random bytes in the first `noise` of a page, one repeated line in the rest.
Page page_of(uint32_t seed, size_t noise) {
    std::mt19937 random(seed);
    Page page{};
    for (size_t i = 0; i < page.size(); ++i)
        page[i] = static_cast<uint8_t>(i < noise ? random() : seed + i % 64);
    return page;
}

} // namespace

TEST_CASE("pages that compress and pages that do not come back from the swap store", "[swap]") {
    Store store(64, 8);
    const size_t noise = GENERATE(size_t{0}, size_t{100}, size_t{2000}, size_t{4096});
    REQUIRE(store.store.write(3, page_of(1, noise)));
    Page read{};
    REQUIRE(store.store.read(3, read));
    CHECK(read == page_of(1, noise));
}

TEST_CASE("the swap store refuses slots that it has not, or that hold nothing", "[swap]") {
    Store store(64, 8);
    Page page{};
    CHECK(store.store.write(8, page).error() == Error::no_such_slot);
    CHECK(store.store.read(8, page).error() == Error::no_such_slot);
    CHECK(store.store.read(7, page).error() == Error::device_failed);
}

TEST_CASE("a full swap store refuses, and has room again when pages become smaller", "[swap]") {
    Store store(32, 8);
    REQUIRE(store.store.write(0, page_of(1, 4096)));
    REQUIRE(store.store.write(1, page_of(2, 4096)));
    CHECK(store.store.free_units() == 0);
    CHECK(store.store.write(2, page_of(3, 0)).error() == Error::device_failed);
    Page page{};
    CHECK(store.store.read(2, page).error() == Error::device_failed);
    REQUIRE(store.store.write(0, page_of(4, 0)));
    REQUIRE(store.store.write(2, page_of(3, 0)));
    REQUIRE(store.store.read(1, page));
    CHECK(page == page_of(2, 4096));
    REQUIRE(store.store.read(2, page));
    CHECK(page == page_of(3, 0));
}

TEST_CASE("random writes to a swap store agree with a model", "[swap][property]") {
    Store store(300, 40);
    std::mt19937 random(9);
    std::vector<std::pair<uint32_t, size_t>> model(40);
    std::vector<bool> full(40, false);
    for (int step = 0; step < 3000; ++step) {
        const Word slot = random() % 40;
        if (random() % 2 == 0) {
            model[slot] = {random(), random() % 5 == 0 ? 4096u : random() % 600};
            full[slot] = store.store.write(slot, page_of(model[slot].first, model[slot].second)).is_ok();
        } else {
            Page page{};
            REQUIRE(store.store.read(slot, page).is_ok() == full[slot]);
            if (full[slot])
                REQUIRE(page == page_of(model[slot].first, model[slot].second));
        }
    }
}
