// SPDX-License-Identifier: BSD-2-Clause
// The multiboot2 reader: what a sound block gives; malformed handover, tags, texts and ACPI root pointers.
#include <support/catch.hpp>

#include <support/multiboot2_reading.hpp>

namespace {

using namespace test;

TEST_CASE("a sound multiboot2 block is read whole") {
    Multiboot2Builder builder = sound_block();
    builder.module(0x22'0000, 0x22'0001, "root.cpio");
    builder.tag(15, test::acpi_pointer(2, 0x1000, 0x2000).bytes()).framebuffer(0xb'8000, 160, 80, 25, 16, 2);
    const Reading reading(builder.finished());
    REQUIRE(reading.ok());
    const BootImage& image = reading.image;
    CHECK(text(*image.command_line) == "log=2 quiet");
    CHECK(image.reported_memory.bytes_used == 5 * 24);
    CHECK(image.reported_memory.entries[3].base == 0x10'0000);
    CHECK(image.reported_memory.entries[3].length == 0x3ff'0000);
    CHECK(image.reported_memory.entries[4].type == 3);
    CHECK(use_of(reading, 0xf'ffff) == MemoryUse::device);
    CHECK(use_of(reading, 0x10'0000) == MemoryUse::held); // the kernel
    CHECK(use_of(reading, 0x20'0000) == MemoryUse::module);
    CHECK(use_of(reading, 0x21'1000) == MemoryUse::ram);
    CHECK(use_of(reading, 0x40e'ffff) == MemoryUse::ram);
    CHECK(use_of(reading, 0x40f'0000) == MemoryUse::device);
    REQUIRE(image.modules.size() == 2);
    CHECK(image.modules[0].range() == PhysRange{PhysAddr(0x20'0000), PhysAddr(0x21'0123)});
    CHECK(std::string(image.modules[0].name) == "init --verbose");
    CHECK(std::string(image.modules[1].name) == "root.cpio");
    REQUIRE(image.acpi);
    CHECK(view(*image.acpi).u64(24) == 0x2000);
    REQUIRE(image.framebuffer);
    CHECK(image.framebuffer->address == 0xb'8000);
    CHECK(image.framebuffer->height == 25);
}

TEST_CASE("malformed handover: each case by its name") {
    const ByteBuilder block = sound_block().finished();
    SECTION("wrong magic") {
        for (uint32_t magic : {0x2bad'b002u, 0u})
            CHECK(Reading(block, info_address, magic)
                      .refused_because("the boot loader's magic number is not that of multiboot2"));
    }
    SECTION("null") { CHECK(Reading(block, 0).refused_because("the multiboot2 information is at address 0")); }
    SECTION("unaligned") {
        for (uint64_t offset = 1; offset < 8; ++offset)
            CHECK(Reading(block, info_address + offset)
                      .refused_because("the multiboot2 information is not aligned to 8 bytes"));
    }
    SECTION("beyond the memory that can be read") {
        BootImage image{};
        const ExactBytes memory(ByteBuilder().zeros(4096).bytes());
        for (uint32_t info : {4096u, 0xffff'fff8u})
            CHECK(complaint_of([&] { read_multiboot2(multiboot2_magic, info, memory.span(), kernel_range, image); }) ==
                  "the multiboot2 information lies outside accessible memory");
    }
    SECTION("inside the kernel image") {
        for (uint64_t address : {0x10'0000, 0x1f'fff8})
            CHECK(Reading(block, address).refused_because("the multiboot2 information lies in the kernel image"));
        CHECK_FALSE(Reading(block, 0x20'0000).refused_because("the multiboot2 information lies in the kernel image"));
    }
}

TEST_CASE("malformed multiboot2 size: each case by its name") {
    ByteBuilder block = sound_block().finished();
    const auto with_size = [&](uint32_t size) { return Reading(ByteBuilder(block).set(0, size)); };
    SECTION("total size below the header") {
        for (uint32_t size : {0, 1, 7})
            CHECK(with_size(size).refused_because("the multiboot2 information is smaller than its header"));
    }
    SECTION("total size 2^32 - 1, and larger than what is mapped by one") {
        CHECK(with_size(0xffff'ffff)
                  .refused_because("the multiboot2 information is larger than the memory that holds it"));
        CHECK(with_size(static_cast<uint32_t>(block.size()) + 1)
                  .refused_because("the multiboot2 information is larger than the memory that holds it"));
    }
    SECTION("total size less than real") {
        CHECK(with_size(static_cast<uint32_t>(block.size()) - 8)
                  .refused_because("the multiboot2 information has no end tag"));
        CHECK(with_size(static_cast<uint32_t>(block.size()) - 10)
                  .refused_because("a multiboot2 tag extends past the end of the information"));
        CHECK(with_size(8).refused_because("the multiboot2 information has no end tag"));
    }
    SECTION("less than a header mapped") {
        for (size_t size = 0; size < 8; ++size)
            CHECK(Reading(ByteBuilder(block).cut(size))
                      .refused_because("the multiboot2 information lies outside accessible memory"));
    }
    SECTION("it reaches into the kernel image") {
        const uint64_t address = 0x10'0000 - block.size() + 8;
        CHECK(Reading(block, address).refused_because("the multiboot2 information overlaps the kernel image"));
        CHECK(Reading(block, address - 8).ok());
    }
    SECTION("it overlaps a module") {
        CHECK(Reading(block, 0x21'0100).refused_because("the multiboot2 information overlaps a boot module"));
        CHECK(Reading(block, 0x20'0000 - block.size() + 8)
                  .refused_because("the multiboot2 information lies in the kernel image"));
        CHECK(Reading(block, 0x21'0128).ok());
    }
    SECTION("bytes behind the end tag do no harm") {
        block.add<uint64_t>(~uint64_t{0});
        CHECK(with_size(static_cast<uint32_t>(block.size())).ok());
    }
}

TEST_CASE("malformed multiboot2 tags: each case by its name") {
    Multiboot2Builder builder = sound_block().text_tag(77, "unknown");
    const size_t tag = builder.last_tag();
    const ByteBuilder block = builder.finished();
    const auto with_tag_size = [&](uint32_t size) { return Reading(ByteBuilder(block).set(tag + 4, size)); };
    SECTION("unknown type is passed over") { CHECK(Reading(block).ok()); }
    SECTION("size 0 does not loop; below 8 it does not cover its header") {
        for (uint32_t size : {0, 1, 4, 7})
            CHECK(with_tag_size(size).refused_because("a multiboot2 tag is smaller than its header"));
    }
    SECTION("past the end") {
        CHECK(with_tag_size(25).refused_because("a multiboot2 tag extends past the end of the information"));
        CHECK(with_tag_size(0x7fff'ffff).refused_because("a multiboot2 tag extends past the end of the information"));
        CHECK(with_tag_size(0xffff'ffff).refused_because("a multiboot2 tag extends past the end of the information"));
    }
    SECTION("swallowing the end tag") {
        CHECK(with_tag_size(24).refused_because("the multiboot2 information has no end tag"));
    }
    SECTION("what follows is not aligned to 8: read where it should be, so there is no tag") {
        ByteBuilder unpadded = sound_block().without_end();
        unpadded.add<uint32_t>(77).add<uint32_t>(12).add<uint32_t>(0);
        unpadded.add<uint32_t>(0).add<uint32_t>(8);
        unpadded.set<uint32_t>(0, static_cast<uint32_t>(unpadded.size()));
        CHECK(Reading(unpadded).refused_because("the multiboot2 information has no end tag"));
    }
    SECTION("no end tag") {
        CHECK(Reading(sound_block().without_end()).refused_because("the multiboot2 information has no end tag"));
    }
    SECTION("end tag with another size than 8") {
        for (uint32_t size : {0, 7, 9, 16}) {
            ByteBuilder bad = sound_block().finished();
            bad.set<uint32_t>(bad.size() - 4, size);
            CHECK(Reading(bad).refused_because("the multiboot2 end tag has a wrong size"));
        }
    }
    SECTION("boot services still running") {
        CHECK(Reading(block_with_tag(18, {})).refused_because("the boot loader left the EFI boot services running"));
    }
    SECTION("ELF sections with an impossible string table index and entry size are never read") {
        ByteBuilder payload;
        payload.add<uint32_t>(3).add<uint32_t>(1).add<uint32_t>(0xffff).zeros(3);
        CHECK(Reading(block_with_tag(9, payload.bytes())).ok());
    }
    SECTION("an EFI memory map with descriptors smaller than the structure is never read") {
        ByteBuilder payload;
        payload.add<uint32_t>(1).add<uint32_t>(1).zeros(40);
        CHECK(Reading(block_with_tag(17, payload.bytes())).ok());
    }
}

TEST_CASE("malformed texts: harmless") {
    SECTION("a command line without a zero byte ends with its tag") {
        const Reading reading(block_with_map(ordinary_map).text_tag(1, "abcdefgh", false).finished());
        REQUIRE(reading.ok());
        CHECK(text(*reading.image.command_line) == "abcdefgh");
    }
    SECTION("a command line of 64 KiB is kept whole") {
        const std::string line(65536, 'x');
        const Reading reading(block_with_map(ordinary_map).text_tag(1, line).finished(), 0x30'0000);
        REQUIRE(reading.ok());
        CHECK(text(*reading.image.command_line) == line);
    }
    SECTION("of two command lines the first counts, even if it is empty") {
        CHECK(text(*Reading(sound_block().text_tag(1, "second").finished()).image.command_line) == "log=2 quiet");
        const Reading reading(block_with_map(ordinary_map).text_tag(1, "").text_tag(1, "second").finished());
        CHECK(reading.ok());
        CHECK(reading.image.command_line->is_empty());
    }
}

TEST_CASE("malformed framebuffer: treated as none") {
    const auto is_none = [](Multiboot2Builder& builder) {
        const Reading reading(builder.finished());
        return reading.ok() && !reading.image.framebuffer;
    };
    Multiboot2Builder builder = sound_block();
    SECTION("0 bits per pixel") { CHECK(is_none(builder.framebuffer(0xe000'0000, 4096, 1024, 768, 0, 1))); }
    SECTION("no pixels") {
        CHECK(is_none(builder.framebuffer(0xe000'0000, 4096, 0, 768, 32, 1).framebuffer(0, 4096, 1024, 0, 32, 1)));
    }
    SECTION("lines longer than the pitch") {
        CHECK(is_none(builder.framebuffer(0xe000'0000, 4095, 1024, 768, 32, 1)));
        CHECK(is_none(builder.framebuffer(0xe000'0000, 0, 1, 1, 1, 1)));
    }
    SECTION("pitch x height overflows") {
        CHECK(is_none(builder.framebuffer(0xe000'0000, 0xffff'ffff, 1024, 0xffff'ffff, 32, 1)));
    }
    SECTION("address + size wraps") { CHECK(is_none(builder.framebuffer(~uint64_t{0} - 64, 4096, 1024, 768, 32, 1))); }
    SECTION("tag too short") { CHECK(is_none(builder.tag(8, ByteBuilder().zeros(22).bytes()))); }
}

TEST_CASE("malformed ACPI root pointers: each case by its name") {
    const auto reading = [](uint32_t type, const ByteBuilder& pointer) {
        return Reading(sound_block().tag(type, pointer.bytes()).finished());
    };
    const ByteBuilder old = test::acpi_pointer(0, 0x7fe'0000), current = test::acpi_pointer(2, 0x1000, 0x2000);
    SECTION("version 1 is copied into the longer form, the rest zero") {
        const Reading result = reading(14, old);
        REQUIRE(result.ok());
        REQUIRE(result.image.acpi);
        const ByteView bytes = view(*result.image.acpi);
        CHECK(bytes.u32(16) == 0x7fe'0000);
        CHECK(bytes.u64(20) == 0);
        CHECK(bytes.u64(28) == 0);
    }
    SECTION("version 2 wins over version 1, whichever comes first") {
        for (bool old_first : {true, false}) {
            Multiboot2Builder builder = sound_block();
            builder.tag(old_first ? 14 : 15, (old_first ? old : current).bytes());
            builder.tag(old_first ? 15 : 14, (old_first ? current : old).bytes());
            const Reading result(builder.finished());
            REQUIRE(result.image.acpi);
            CHECK(view(*result.image.acpi).u64(24) == 0x2000);
        }
    }
    SECTION("none at all leaves none") { CHECK_FALSE(Reading(sound_block().finished()).image.acpi); }
    SECTION("too short") {
        for (size_t size : {0, 8, 19})
            CHECK(reading(14, ByteBuilder(old).cut(size)).refused_because("the ACPI root pointer is too short"));
        for (size_t size : {0, 19, 20, 35})
            CHECK(reading(15, ByteBuilder(current).cut(size)).refused_because("the ACPI root pointer is too short"));
    }
    SECTION("wrong signature") {
        CHECK(reading(14, ByteBuilder(old).flip(0)).refused_because("the ACPI root pointer has a wrong signature"));
        CHECK(
            reading(15, ByteBuilder(current).flip(63)).refused_because("the ACPI root pointer has a wrong signature"));
    }
    SECTION("wrong checksum, of the first part or the whole") {
        CHECK(reading(14, ByteBuilder(old).flip(17 * 8)).refused_because("the ACPI root pointer has a wrong checksum"));
        CHECK(reading(15, ByteBuilder(current).flip(17 * 8))
                  .refused_because("the ACPI root pointer has a wrong checksum"));
        CHECK(reading(15, ByteBuilder(current).flip(25 * 8))
                  .refused_because("the ACPI root pointer has a wrong checksum"));
    }
    SECTION("the length lies") {
        for (uint32_t length : {0u, 20u, 35u, 37u, 0xffff'ffffu})
            CHECK(reading(15, ByteBuilder(current).set(20, length))
                      .refused_because("the ACPI root pointer states a wrong length"));
    }
    SECTION("a longer pointer of a later version is read as far as it is known") {
        ByteBuilder later = current;
        later.zeros(4).set<uint32_t>(20, 40).fix_checksum(0, 40, 32);
        CHECK(reading(15, later).ok());
    }
}

} // namespace
