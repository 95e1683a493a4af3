// SPDX-License-Identifier: BSD-2-Clause
#include <tests/system/lib/memory_cases.hpp>

namespace test {
namespace {

constexpr Word kernel_start = 0x100000;

std::span<const abi::UntypedDescriptor> descriptors() {
    return {boot_info().untyped_list, boot_info().untyped.count()};
}
Word end_of(const abi::UntypedDescriptor& piece) { return piece.paddr + (Word{1} << piece.size_bits); }

} // namespace

Word ram_handed_out(Word above) {
    Word bytes = 0;
    for (const abi::UntypedDescriptor& piece : descriptors())
        if (!piece.is_device && piece.paddr >= above)
            bytes += Word{1} << piece.size_bits;
    return bytes;
}

void check_descriptors() {
    const auto all = descriptors();
    for (size_t i = 0; i < all.size(); ++i) {
        const bool is_small = all[i].size_bits < 40;
        if (is_small)
            CHECK_EQUAL(all[i].paddr & ((Word{1} << all[i].size_bits) - 1), 0);
        CHECK(!(all[i].paddr <= kernel_start && kernel_start < end_of(all[i])));
        for (size_t k = 0; k < i; ++k)
            CHECK(end_of(all[k]) <= all[i].paddr || end_of(all[i]) <= all[k].paddr);
    }
}

void check_ram_is_real() {
    const auto all = descriptors();
    for (size_t i = 0; i < all.size(); ++i) {
        if (all[i].is_device || all[i].size_bits < abi::page_bits)
            continue;
        const sys::Untyped memory(boot_info().untyped.start + i);
        auto made = sys::make_object<sys::Frame>(space(), memory);
        if (!made)
            continue; // the piece that the arena was cut from may be full
        const Cap<sys::Frame> frame = made.take();
        REQUIRE_VALUE(address, frame->physical_address());
        CHECK(address >= all[i].paddr && address < end_of(all[i]));
        REQUIRE_VALUE(view, View::of(frame));
        for (Word word = 0; word < 512; ++word)
            REQUIRE(CHECK_EQUAL(view.words()[word], 0));
        for (Word word = 0; word < 512; ++word)
            view.words()[word] = address + word;
        for (Word word = 0; word < 512; ++word)
            REQUIRE(CHECK_EQUAL(view.words()[word], address + word));
    }
}

} // namespace test
