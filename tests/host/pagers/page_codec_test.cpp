// SPDX-License-Identifier: BSD-2-Clause
#include <support/catch.hpp>
#include <support/random.hpp>

#include <sys/util/page_codec.hpp>

#include <vector>

using Bytes = std::vector<uint8_t>;

namespace {

constexpr size_t page_size = 4096;

/// Vectors of exactly their size: a byte beyond is noticed.
Bytes compressed(const Bytes& page, size_t room) {
    Bytes block(room);
    block.resize(sys::compress(page, block));
    block.shrink_to_fit();
    return block;
}

bool comes_back(const Bytes& page) {
    const Bytes block = compressed(page, page.size() * 2 + 16);
    Bytes again(page.size(), 0xcc);
    return !block.empty() && sys::decompress(block, again) && again == page;
}

/// Bytes that repeat themselves more or less.
Bytes pattern(test::Random& random, size_t size) {
    Bytes page(size);
    for (size_t at = 0; at < size;) {
        const size_t length = std::min<size_t>(1 + random.below(300), size - at);
        const bool copies = at > 0 && random.below(3) != 0;
        const size_t from = copies ? random.below(at) : 0;
        for (size_t i = 0; i < length; ++i, ++at)
            page[at] = copies ? page[from + i] : static_cast<uint8_t>(random.below(256));
    }
    return page;
}

} // namespace

TEST_CASE("page codec: every page comes back, whatever its size") {
    test::Random random(1);
    for (size_t size = 0; size < 320; ++size) {
        CHECK(comes_back(Bytes(size)));
        CHECK(comes_back(pattern(random, size)));
    }
    for (unsigned round = 0; round < 300; ++round)
        REQUIRE(comes_back(pattern(random, page_size)));
    CHECK(comes_back(pattern(random, 65536)));
    CHECK(comes_back(Bytes(65536)));
}

TEST_CASE("page codec: what repeats itself gets small, noise does not") {
    CHECK(compressed(Bytes(page_size), page_size).size() < 32);
    Bytes counting(page_size);
    for (size_t i = 0; i < page_size; ++i)
        counting[i] = static_cast<uint8_t>(i / 64);
    CHECK(compressed(counting, page_size).size() < page_size / 4);
    test::Random random(2);
    Bytes noise(page_size);
    for (uint8_t& byte : noise)
        byte = static_cast<uint8_t>(random.below(256));
    CHECK(compressed(noise, page_size).empty()); // there is no room for it
}

TEST_CASE("page codec: a block that does not fit is not written beyond its room") {
    test::Random random(3);
    const Bytes page = pattern(random, page_size);
    const size_t whole = compressed(page, 2 * page_size).size();
    for (size_t room = 0; room < whole; room += 1 + room / 16)
        REQUIRE(compressed(page, room).empty());
    CHECK(compressed(page, whole).size() == whole);
}

TEST_CASE("page codec: no block makes it write beyond the page or read beyond the block") {
    test::Random random(4);
    Bytes page(page_size);
    unsigned refused = 0;
    for (unsigned round = 0; round < 20'000; ++round) {
        Bytes block = compressed(pattern(random, page_size), 2 * page_size);
        for (size_t change = 1 + random.below(4); change-- > 0;)
            block[random.below(block.size())] = static_cast<uint8_t>(random.below(4) == 0 ? 255 : random.below(256));
        if (random.below(3) == 0)
            block.resize(random.below(block.size()));
        block.shrink_to_fit();
        refused += !sys::decompress(block, page);
    }
    CHECK(refused > 5'000);
    Bytes noise;
    for (unsigned round = 0; round < 20'000; ++round) {
        noise.assign(random.below(64), 0);
        for (uint8_t& byte : noise)
            byte = static_cast<uint8_t>(random.below(8) == 0 ? 255 : random.below(256));
        Bytes small(random.below(40));
        static_cast<void>(sys::decompress(noise, small));
    }
    CHECK_FALSE(sys::decompress(Bytes(), page));
}
