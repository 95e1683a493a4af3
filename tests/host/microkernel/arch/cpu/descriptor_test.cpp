// SPDX-License-Identifier: BSD-2-Clause
#include <support/catch.hpp>

#include <arch/x86_64/cpu/descriptor.hpp>
#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/symbols.hpp>

#include <string>

namespace {

using namespace kernel;
using namespace kernel::x86;

TEST_CASE("gates keep handler, ring and stack apart") {
    // SDM Vol. 3A, "64-Bit Mode IDT": where the fields are.
    for (const Word handler : {Word{0xffff'ffff'8010'1000}, Word{0x0123'4567'89ab'cdef}}) {
        for (unsigned ist = 0; ist < 8; ist++) {
            for (const Ring ring : {ring_0, ring_3}) {
                const Gate gate(handler, ring, ist);
                CHECK((gate.low >> 47 & 1) == 1); // present
                CHECK((gate.low >> 40 & 0x1f) == 0xe); // interrupt gate
                CHECK(((gate.low & 0xffff) | (gate.low >> 48) << 16 | gate.high << 32) == handler);
                CHECK((gate.low >> 16 & 0xffff) == selector::kernel_code);
                CHECK((gate.low >> 32 & 7) == ist);
                CHECK((gate.low >> 45 & 3) == ring);
            }
        }
    }
    CHECK((Gate().low >> 47 & 1) == 0);
}

TEST_CASE("the TSS descriptor holds all 64 bits of the address") {
    const auto [low, high] = tss_descriptor(0x1122'3344'5566'7788, 103);
    CHECK(high == 0x1122'3344);
    CHECK(low == 0x5500'8966'7788'0067);
}

TEST_CASE("entries from ring 3 save into the context that was named last") {
    Context context{};
    enter_into(context);
    CHECK(entry_area.tss.rsp0 == reinterpret_cast<Word>(&context) + sizeof(Context));
}

TEST_CASE("symbols: the function that holds an address") {
    const Symbol symbols[] = {{0x1000, 0}, {0x1010, 6}, {0x2000, 13}};
    const char names[] = "first\0second\0third";
    const auto at = [&](uint32_t address) {
        const Place place = find_symbol(symbols, names, address);
        return std::string(place.name.data() ? place.name.data() : "", place.name.size()) + "+" +
               std::to_string(place.offset);
    };
    CHECK(at(0x0fff) == "+0");
    CHECK(at(0x1000) == "first+0");
    CHECK(at(0x100f) == "first+15");
    CHECK(at(0x1010) == "second+0");
    CHECK(at(0x1fff) == "second+4079");
    CHECK(at(0x2004) == "third+4");
    CHECK(find_symbol({}, names, 0x1000).name.is_empty());
}

} // namespace
