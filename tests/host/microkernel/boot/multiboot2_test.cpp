// SPDX-License-Identifier: BSD-2-Clause
// The multiboot2 reader: what a sound block gives; malformed handover, tags, texts and ACPI root pointers.
#include <support/catch.hpp>

#include <support/multiboot2_reading.hpp>

#include <set>

namespace {

using namespace test;

TEST_CASE("a sound multiboot2 block is read whole") {
    Multiboot2Builder builder = sound_block();
    builder.module(0x22'0000, 0x22'0001, "root.cpio");
    builder.tag(15, test::acpi_pointer(2, 0x1000, 0x2000).bytes()).framebuffer(0xb'8000, 160, 80, 25, 16, 2);
    const Reading reading(builder.finished());
    REQUIRE(reading.ok());
    const BootImage& image = reading.image;
    CHECK(text(image.command_line) == "log=2 quiet");
    CHECK(text(image.loader_name) == "GRUB 2.06");
    REQUIRE(image.memory.size() == 5);
    CHECK(image.memory[3].range == PhysRange{PhysAddr(0x10'0000), PhysAddr(0x40f'0000)});
    CHECK(image.memory[3].is_usable());
    CHECK(image.memory[4].type == MemoryType::acpi_reclaimable);
    REQUIRE(image.modules.size() == 2);
    CHECK(image.modules[0].range == PhysRange{PhysAddr(0x20'0000), PhysAddr(0x21'0123)});
    CHECK(text(image.modules[0].name) == "init --verbose");
    CHECK(text(image.modules[1].name) == "root.cpio");
    REQUIRE(image.acpi);
    CHECK(view(*image.acpi).u64(24) == 0x2000);
    REQUIRE(image.framebuffer);
    CHECK(image.framebuffer->address == PhysAddr(0xb'8000));
    CHECK(image.framebuffer->height == 25);
    CHECK(image.info == PhysRange{PhysAddr(info_address), PhysAddr(info_address + reading.memory.span().size())});
}

TEST_CASE("an image is emptied before it is read into again") {
    BootImage image;
    const ByteBuilder first = sound_block().framebuffer(0xb'8000, 160, 80, 25, 16, 2).finished();
    REQUIRE(read_multiboot2(PhysAddr(info_address), first.bytes(), kernel_range, image));
    const ByteBuilder second = block_with_map(ordinary_map).finished();
    REQUIRE(read_multiboot2(PhysAddr(info_address), second.bytes(), kernel_range, image));
    CHECK(image.modules.size() == 1);
    CHECK(image.memory.size() == ordinary_map.size());
    CHECK(image.command_line.is_empty());
    CHECK_FALSE(image.framebuffer);
}

TEST_CASE("malformed handover: each case by its name") {
    const auto error = [](uint32_t magic, uint64_t info) {
        const auto status = check_handover(magic, PhysAddr(info), kernel_range);
        REQUIRE_FALSE(status);
        return status.error();
    };
    REQUIRE(check_handover(multiboot2_magic, PhysAddr(info_address), kernel_range));
    SECTION("wrong magic") {
        CHECK(error(0x2bad'b002, info_address) == BootError::not_multiboot2);
        CHECK(error(0, info_address) == BootError::not_multiboot2);
    }
    SECTION("null") { CHECK(error(multiboot2_magic, 0) == BootError::info_at_null); }
    SECTION("unaligned") {
        for (uint64_t offset = 1; offset < 8; ++offset)
            CHECK(error(multiboot2_magic, info_address + offset) == BootError::info_misaligned);
    }
    SECTION("above 4 GiB") { CHECK(error(multiboot2_magic, 0x1'0000'0000) == BootError::info_above_4gib); }
    SECTION("inside the kernel image") {
        CHECK(error(multiboot2_magic, 0x10'0000) == BootError::info_in_kernel);
        CHECK(error(multiboot2_magic, 0x1f'fff8) == BootError::info_in_kernel);
        CHECK(check_handover(multiboot2_magic, PhysAddr(0x20'0000), kernel_range));
    }
}

TEST_CASE("malformed multiboot2 size: each case by its name") {
    ByteBuilder block = sound_block().finished();
    const auto with_size = [&](uint32_t size) { return Reading(ByteBuilder(block).set(0, size)); };
    SECTION("total size below the header") {
        for (uint32_t size : {0, 1, 7})
            CHECK(with_size(size).failed_with(BootError::info_too_small));
    }
    SECTION("total size 2^32 - 1, and larger than what is mapped by one") {
        CHECK(with_size(0xffff'ffff).failed_with(BootError::info_truncated));
        CHECK(with_size(static_cast<uint32_t>(block.size()) + 1).failed_with(BootError::info_truncated));
    }
    SECTION("total size less than real") {
        CHECK(with_size(static_cast<uint32_t>(block.size()) - 8).failed_with(BootError::no_end_tag));
        CHECK(with_size(static_cast<uint32_t>(block.size()) - 10).failed_with(BootError::tag_past_end));
        CHECK(with_size(8).failed_with(BootError::no_end_tag));
    }
    SECTION("less than a header mapped") {
        for (size_t size = 0; size < 8; ++size)
            CHECK(Reading(ByteBuilder(block).cut(size)).failed_with(BootError::info_truncated));
    }
    SECTION("it reaches into the kernel image") {
        const uint64_t address = 0x10'0000 - block.size() + 8;
        CHECK(Reading(block, address).failed_with(BootError::info_in_kernel));
        CHECK(Reading(block, address - 8).ok());
    }
    SECTION("it overlaps a module") {
        CHECK(Reading(block, 0x21'0100).failed_with(BootError::info_overlaps_module));
        CHECK(Reading(block, 0x20'0000 - block.size() + 8).failed_with(BootError::info_in_kernel));
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
            CHECK(with_tag_size(size).failed_with(BootError::tag_too_small));
    }
    SECTION("past the end") {
        CHECK(with_tag_size(25).failed_with(BootError::tag_past_end));
        CHECK(with_tag_size(0x7fff'ffff).failed_with(BootError::tag_past_end));
        CHECK(with_tag_size(0xffff'ffff).failed_with(BootError::tag_past_end));
    }
    SECTION("swallowing the end tag") { CHECK(with_tag_size(24).failed_with(BootError::no_end_tag)); }
    SECTION("what follows is not aligned to 8: read where it should be, so there is no tag") {
        ByteBuilder unpadded = sound_block().without_end();
        unpadded.add<uint32_t>(77).add<uint32_t>(12).add<uint32_t>(0);
        unpadded.add<uint32_t>(0).add<uint32_t>(8);
        unpadded.set<uint32_t>(0, static_cast<uint32_t>(unpadded.size()));
        CHECK(Reading(unpadded).failed_with(BootError::no_end_tag));
    }
    SECTION("no end tag") { CHECK(Reading(sound_block().without_end()).failed_with(BootError::no_end_tag)); }
    SECTION("end tag with another size than 8") {
        for (uint32_t size : {0, 7, 9, 16}) {
            ByteBuilder bad = sound_block().finished();
            bad.set<uint32_t>(bad.size() - 4, size);
            CHECK(Reading(bad).failed_with(BootError::bad_end_tag));
        }
    }
    SECTION("boot services still running") {
        CHECK(Reading(block_with_tag(18, {})).failed_with(BootError::boot_services_running));
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
        CHECK(text(reading.image.command_line) == "abcdefgh");
    }
    SECTION("a command line of 64 KiB is kept whole") {
        const std::string line(65536, 'x');
        const Reading reading(block_with_map(ordinary_map).text_tag(1, line).finished(), 0x30'0000);
        REQUIRE(reading.ok());
        CHECK(text(reading.image.command_line) == line);
    }
    SECTION("of two command lines the first counts, even if it is empty") {
        CHECK(text(Reading(sound_block().text_tag(1, "second").finished()).image.command_line) == "log=2 quiet");
        const Reading reading(block_with_map(ordinary_map).text_tag(1, "").text_tag(1, "second").finished());
        CHECK(reading.ok());
        CHECK(reading.image.command_line.is_empty());
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
            CHECK(reading(14, ByteBuilder(old).cut(size)).failed_with(BootError::rsdp_too_short));
        for (size_t size : {0, 19, 20, 35})
            CHECK(reading(15, ByteBuilder(current).cut(size)).failed_with(BootError::rsdp_too_short));
    }
    SECTION("wrong signature") {
        CHECK(reading(14, ByteBuilder(old).flip(0)).failed_with(BootError::rsdp_bad_signature));
        CHECK(reading(15, ByteBuilder(current).flip(63)).failed_with(BootError::rsdp_bad_signature));
    }
    SECTION("wrong checksum, of the first part or the whole") {
        CHECK(reading(14, ByteBuilder(old).flip(17 * 8)).failed_with(BootError::rsdp_bad_checksum));
        CHECK(reading(15, ByteBuilder(current).flip(17 * 8)).failed_with(BootError::rsdp_bad_checksum));
        CHECK(reading(15, ByteBuilder(current).flip(25 * 8)).failed_with(BootError::rsdp_bad_checksum));
    }
    SECTION("the length lies") {
        for (uint32_t length : {0u, 20u, 35u, 37u, 0xffff'ffffu})
            CHECK(reading(15, ByteBuilder(current).set(20, length)).failed_with(BootError::rsdp_bad_length));
    }
    SECTION("a longer pointer of a later version is read as far as it is known") {
        ByteBuilder later = current;
        later.zeros(4).set<uint32_t>(20, 40).fix_checksum(0, 40, 32);
        CHECK(reading(15, later).ok());
    }
}

TEST_CASE("every boot error has a sentence of its own") {
    std::set<std::string> sentences;
    for (unsigned i = 0; i <= static_cast<unsigned>(BootError::out_of_memory); ++i)
        sentences.insert(describe(static_cast<BootError>(i)));
    CHECK(sentences.size() == static_cast<unsigned>(BootError::out_of_memory) + 1);
    CHECK(sentences.count("unknown boot error") == 0);
}

} // namespace
