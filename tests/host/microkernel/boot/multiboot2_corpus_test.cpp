// SPDX-License-Identifier: BSD-2-Clause
// Damaged multiboot2 blocks by the thousand: every prefix and every flipped bit of a block with all the tags.
#include <support/catch.hpp>

#include <support/multiboot2_reading.hpp>

namespace {

using namespace test;

/// A block with every tag that is read, to damage.
ByteBuilder rich_block() {
    Multiboot2Builder builder = sound_block();
    builder.module(0x22'0000, 0x22'0001, "root.cpio").framebuffer(0xb'8000, 160, 80, 25, 16, 2);
    builder.tag(14, test::acpi_pointer(0, 0x1000).bytes()).tag(15, test::acpi_pointer(2, 0x1000, 0x2000).bytes());
    return builder.finished();
}

TEST_CASE("every prefix of a multiboot2 block is refused without reading past its end") {
    const ByteBuilder block = rich_block();
    REQUIRE(Reading(block).ok());
    for (size_t size = 0; size < block.size(); ++size) {
        INFO("size " << size);
        CHECK(Reading(ByteBuilder(block).cut(size))
                  .refused_because(size < 8 ? "the multiboot2 information lies outside accessible memory"
                                            : "the multiboot2 information is larger than the memory that holds it"));
        if (size >= 8) {
            ByteBuilder consistent = block;
            consistent.cut(size).set<uint32_t>(0, static_cast<uint32_t>(size));
            CHECK_FALSE(Reading(consistent).ok());
        }
    }
}

TEST_CASE("every bit of a multiboot2 block may be wrong: what is accepted is sound") {
    const ByteBuilder block = rich_block();
    size_t accepted = 0, refused = 0;
    for (size_t bit = 0; bit < block.size() * 8; ++bit) {
        const Reading reading(ByteBuilder(block).flip(bit));
        if (!reading.ok()) {
            ++refused;
            continue;
        }
        ++accepted;
        const BootImage& image = reading.image;
        bool sound = !image.modules.is_empty() && image.memory.free_bytes() > 0;
        for (const Module& module : image.modules)
            sound = sound && module.range().start <= module.range().end && !module.range().overlaps(kernel_range);
        PhysAddr reached;
        for (const MemoryRegion& region : image.memory.regions()) {
            sound = sound && region.range.start == reached && !region.range.is_empty();
            reached = region.range.end;
        }
        sound = sound && reached == BootMemory::end;
        INFO("bit " << bit);
        CHECK(sound);
    }
    CHECK(accepted > 1000);
    CHECK(refused > 1000);
}

} // namespace
