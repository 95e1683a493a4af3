// SPDX-License-Identifier: BSD-2-Clause
// The reader of the root task's file: what a sound file gives, and the 30 malformed cases, each refused by its own name
// or harmless, as boot/elf.hpp says.
#include <support/catch.hpp>

#include <boot/elf.hpp>
#include <kernel_host.hpp>
#include <support/elf_builder.hpp>

#include <string>

namespace {

using namespace kernel;
using test::ByteBuilder;
using test::ElfBuilder;
using test::ElfHeader;
using test::ExactBytes;
namespace field = test::elf_field;

constexpr uint32_t read_only = 4, read_write = 6, read_execute = 5;

struct Reading {
    explicit Reading(const ByteBuilder& file)
        : memory(file.bytes()), complaint(test::complaint_of([&] { read_elf(memory.span(), image); })) {}
    explicit Reading(const ElfBuilder& builder) : Reading(builder.finished()) {}

    bool ok() const { return complaint.empty(); }
    bool refused_because(const std::string& reason) const { return complaint == "root task: " + reason; }

    ExactBytes memory;
    ElfImage image;
    std::string complaint;
};

/// Text, constants and data with a BSS, as a linker lays them out.
ElfBuilder three_segments() {
    ElfBuilder builder;
    builder.file_bytes = 0x3800;
    builder.headers = {
        {.flags = read_execute, .offset = 0x1000, .address = 0x40'1000, .file_size = 0x1234, .memory_size = 0x1234},
        {.flags = read_only, .offset = 0x2300, .address = 0x40'3300, .file_size = 0x100, .memory_size = 0x100},
        {.flags = read_write, .offset = 0x3400, .address = 0x40'4400, .file_size = 0x400, .memory_size = 0x3000}};
    return builder;
}

/// The error for a file whose only segment is `header`.
Reading with_segment(const ElfHeader& header) {
    ElfBuilder builder;
    builder.headers = {header};
    return Reading(builder);
}

/// The same with a second, sound segment of code at 0x401000, so that the entry point is not what fails.
Reading with_second_segment(const ElfHeader& header) {
    ElfBuilder builder;
    builder.headers = {ElfHeader{}, header};
    return Reading(builder);
}

/// The pages of an image; up to 1 GiB of them, of which only those exist that are written.
class Loaded {
public:
    Loaded(std::span<const std::byte> file, const ElfImage& image)
        : size_(image.page_count() * 4096), bytes_(static_cast<std::byte*>(std::calloc(size_, 1)), &std::free) {
        load_image(file, image, bytes());
    }
    std::span<std::byte> bytes() const { return {bytes_.get(), size_}; }

private:
    size_t size_;
    std::unique_ptr<std::byte, void (*)(void*)> bytes_;
};

template <class T>
Reading with_field(size_t offset, T value) {
    return Reading(ElfBuilder().finished().set(offset, value));
}

TEST_CASE("a sound ELF is read whole") {
    const Reading reading(three_segments());
    REQUIRE(reading.ok());
    const ElfImage& image = reading.image;
    CHECK(image.entry == VirtAddr(0x40'1000));
    REQUIRE(image.segments.size() == 3);
    CHECK(image.segments[0].executable);
    CHECK_FALSE(image.segments[2].executable);
    CHECK(image.segments[2].address == VirtAddr(0x40'4400));
    CHECK(image.segments[2].file_end() == VirtAddr(0x40'4800));
    CHECK(image.segments[2].end() == VirtAddr(0x40'7400));
    CHECK(image.start() == VirtAddr(0x40'1000));
    CHECK(image.end() == VirtAddr(0x40'8000));
    CHECK(image.page_count() == 7);
}

TEST_CASE("malformed ELF header: each case by its name") {
    const ByteBuilder sound = ElfBuilder().finished();
    REQUIRE(Reading(sound).ok());
    SECTION("case 1: a file of 0 bytes") { CHECK(Reading(ByteBuilder()).refused_because("the file is empty")); }
    SECTION("case 2: shorter than the header") {
        for (size_t size = 1; size < 64; ++size)
            CHECK(Reading(ByteBuilder(sound).cut(size)).refused_because("the file is shorter than an ELF header"));
    }
    SECTION("case 3: bad magic") {
        for (size_t byte = 0; byte < 4; ++byte)
            CHECK(with_field<uint8_t>(byte, 0).refused_because("the file does not start with the ELF magic number"));
    }
    SECTION("case 4: ELFCLASS32") {
        CHECK(with_field<uint8_t>(field::elf_class, 1).refused_because("the file is not of class ELF64"));
    }
    SECTION("case 5: big-endian") {
        CHECK(with_field<uint8_t>(field::byte_order, 2).refused_because("the file is not little-endian"));
    }
    SECTION("case 6: version not 1") {
        CHECK(with_field<uint8_t>(field::identification_version, 0).refused_because("the file's ELF version is not 1"));
        CHECK(with_field<uint32_t>(field::version, 2).refused_because("the file's ELF version is not 1"));
    }
    SECTION("case 7: another machine") {
        for (uint16_t machine : {0, 3, 183, 243})
            CHECK(with_field(field::machine, machine).refused_because("the file is not for x86-64"));
    }
    SECTION("case 8: relocatable, core, shared or unknown type") {
        for (uint16_t type : {0, 1, 4, 5, 0xfe00, 0xffff})
            CHECK(with_field(field::type, type).refused_because("the file is not executable"));
        CHECK(with_field<uint16_t>(field::type, 3)
                  .refused_because("the file is position-independent or a shared library"));
    }
    SECTION("header size not 64") {
        for (uint16_t size : {0, 52, 63, 65})
            CHECK(
                with_field(field::header_size, size).refused_because("the ELF header states a wrong size of its own"));
    }
    SECTION("case 9: program headers beyond the file") {
        const ByteBuilder file = ElfBuilder().finished();
        for (uint64_t offset : {file.size() - 55, file.size(), size_t{1} << 40})
            CHECK(with_field<uint64_t>(field::program_headers, offset)
                      .refused_because("the program headers extend past the end of the file"));
    }
    SECTION("case 10: the end of the program headers wraps") {
        CHECK(with_field<uint64_t>(field::program_headers, ~uint64_t{0} - 7)
                  .refused_because("the program headers wrap around the end of the address space"));
        CHECK(with_field<uint64_t>(field::program_headers, ~uint64_t{0} - 55)
                  .refused_because("the program headers wrap around the end of the address space"));
    }
    SECTION("case 11: program header size not 56") {
        for (uint16_t size : {0, 32, 55, 57, 0xffff})
            CHECK(
                with_field(field::program_header_size, size).refused_because("program headers are not 56 bytes long"));
    }
    SECTION("case 12: no program headers") {
        CHECK(with_field<uint16_t>(field::program_header_count, 0).refused_because("the file has no program headers"));
    }
    SECTION("case 13: PN_XNUM, and more than are read") {
        CHECK(with_field<uint16_t>(field::program_header_count, 0xffff)
                  .refused_because("the number of program headers is not in the ELF header"));
        CHECK(with_field<uint16_t>(field::program_header_count, 0xfffe)
                  .refused_because("the file has too many program headers"));
        CHECK(with_field<uint16_t>(field::program_header_count, 65)
                  .refused_because("the file has too many program headers"));
    }
    SECTION("case 29: program headers over the ELF header") {
        for (uint64_t offset : {0, 8, 63})
            CHECK(with_field(field::program_headers, offset)
                      .refused_because("the program headers overlap the ELF header"));
    }
    SECTION("case 30: truncated by any number of bytes") {
        const ByteBuilder file = three_segments().finished();
        for (size_t size = 0; size < file.size(); ++size) {
            INFO("size " << size);
            CHECK_FALSE(Reading(ByteBuilder(file).cut(size)).ok());
        }
    }
}

TEST_CASE("malformed ELF segments: each case by its name") {
    SECTION("case 14: file range beyond the file") {
        CHECK(with_segment({.offset = 0x2000}).refused_because("a segment extends past the end of the file"));
        CHECK(with_segment({.file_size = 0x101, .memory_size = 0x101})
                  .refused_because("a segment extends past the end of the file"));
        CHECK(with_segment({.file_size = 0x100, .memory_size = 0x100}).ok());
    }
    SECTION("case 15: file range wraps") {
        CHECK(with_segment({.file_size = ~uint64_t{0}, .memory_size = ~uint64_t{0}})
                  .refused_because("a segment's file range wraps around"));
        CHECK(with_segment({.offset = ~uint64_t{0} - 0xfff})
                  .refused_because("a segment extends past the end of the file"));
        CHECK(with_segment({.offset = ~uint64_t{0} - 0xf}).refused_because("a segment's file range wraps around"));
    }
    SECTION("case 16: more bytes in the file than in memory") {
        CHECK(with_segment({.memory_size = 0x1f}).refused_because("a segment is larger in the file than in memory"));
        CHECK(with_segment({.memory_size = 0}).refused_because("a segment is larger in the file than in memory"));
    }
    SECTION("case 17: memory size 2^63 and other exhausting sizes") {
        for (uint64_t size : {uint64_t{1} << 63, uint64_t{1} << 46, (uint64_t{1} << 30) + 1})
            CHECK(with_segment({.memory_size = size}).refused_because("a segment is larger than 1 GiB"));
    }
    SECTION("case 18: address + memory size wraps") {
        CHECK(with_segment({.address = 0xffff'ffff'ffff'f000, .memory_size = 0x1001})
                  .refused_because("a segment wraps around the end of the address space"));
        CHECK(with_segment({.memory_size = ~uint64_t{0}})
                  .refused_because("a segment wraps around the end of the address space"));
    }
    SECTION("case 19: address not canonical") {
        for (uint64_t address : {0x8000'0000'0000u, 0xffff'7fff'ffff'f000u, 0x8000'0000'0000'1000u, uint64_t{1} << 48})
            CHECK(with_segment({.address = address}).refused_because("a segment's address is not canonical"));
    }
    SECTION("case 20: address in the kernel half") {
        for (uint64_t address : {0xffff'8000'0000'0000u, 0xffff'ffff'8000'1000u})
            CHECK(with_segment({.address = address}).refused_because("a segment lies in the kernel half"));
    }
    SECTION("case 21: in page 0, or where IPC buffer and boot information would not fit behind") {
        CHECK(with_segment({.address = 0}).refused_because("a segment lies in page 0"));
        CHECK(with_segment({.offset = 0x1010, .address = 0x10, .file_size = 1})
                  .refused_because("a segment lies in page 0"));
        CHECK(with_segment({.address = 0x7fff'ffff'f000})
                  .refused_because("a segment leaves no room below the end of the user half"));
        CHECK(with_segment({.address = 0x7fff'fffd'f000, .memory_size = 0x1001})
                  .refused_because("a segment leaves no room below the end of the user half"));
        CHECK(with_second_segment({.address = 0x7fff'fffd'f000, .memory_size = 0x1000})
                  .refused_because("the segments span more than 1 GiB"));
        ElfBuilder highest;
        highest.headers = {{.address = 0x7fff'fffd'f000, .memory_size = 0x1000}};
        highest.entry = 0x7fff'fffd'f000;
        CHECK(Reading(highest).ok());
    }
    SECTION("case 22: alignment that is no power of two") {
        for (uint64_t alignment : {3, 0x1001, 0x1800})
            CHECK(
                with_segment({.alignment = alignment}).refused_because("a segment's alignment is not a power of two"));
    }
    SECTION("case 22: alignment 0 and 1 are none, 2^63 wants equal address and offset") {
        for (uint64_t alignment : {0, 1, 2})
            CHECK(with_segment({.alignment = alignment}).ok());
        CHECK(with_segment({.alignment = uint64_t{1} << 63})
                  .refused_because("a segment's address and file offset differ modulo its alignment"));
    }
    SECTION("case 23: address and offset differ modulo the alignment") {
        CHECK(with_segment({.offset = 0x1010})
                  .refused_because("a segment's address and file offset differ modulo its alignment"));
        CHECK(with_segment({.alignment = 0x80'0000})
                  .refused_because("a segment's address and file offset differ modulo its alignment"));
    }
    SECTION("case 24: segments overlap wholly or by one byte") {
        CHECK(with_second_segment({}).refused_because("two segments overlap"));
        CHECK(with_second_segment({.offset = 0x101f, .address = 0x40'101f}).refused_because("two segments overlap"));
        CHECK(with_second_segment({.offset = 0, .address = 0x40'0000, .memory_size = 0x1001})
                  .refused_because("two segments overlap"));
    }
    SECTION("case 24: two segments of different rights in one page are harmless, as all is mapped with all rights") {
        CHECK(with_second_segment({.flags = read_write, .offset = 0x1020, .address = 0x40'1020}).ok());
    }
    SECTION("case 25: segments out of order") {
        CHECK(with_second_segment({.address = 0x40'0000}).refused_because("segments are not in ascending order"));
    }
    SECTION("case 26: writable and executable is the contract's business, not refused here") {
        CHECK(with_segment({.flags = 7}).ok());
    }
    SECTION("segments that span more than 1 GiB") {
        CHECK(with_second_segment({.address = 0x4040'1000}).refused_because("the segments span more than 1 GiB"));
        CHECK(with_second_segment({.address = 0x4040'0000}).ok());
    }
    SECTION("nothing to load; empty segments are skipped") {
        CHECK(with_segment({.type = 4}).refused_because("the file has nothing to load"));
        CHECK(with_segment({.file_size = 0, .memory_size = 0}).refused_because("the file has nothing to load"));
        CHECK(with_second_segment({.address = 0, .file_size = 0, .memory_size = 0}).ok());
    }
    SECTION("more segments than are kept") {
        ElfBuilder builder;
        builder.headers.clear();
        for (uint64_t i = 0; i < 16; ++i)
            builder.headers.push_back({.address = 0x40'1000 + i * 0x1000});
        CHECK(Reading(builder).ok());
        builder.headers.push_back({.address = 0x50'0000});
        CHECK(Reading(builder).refused_because("the file has too many segments to load"));
    }
    SECTION("case 29: a segment that contains the headers is harmless") {
        ElfBuilder builder;
        builder.headers = {{.offset = 0, .address = 0x40'0000, .file_size = 0x1100, .memory_size = 0x1100}};
        CHECK(Reading(builder).ok());
    }
}

TEST_CASE("malformed ELF entry point: each case by its name") {
    const auto with_entry = [](uint64_t entry) {
        ElfBuilder builder = three_segments();
        builder.headers[0].memory_size = 0x1800;
        builder.entry = entry;
        return Reading(builder);
    };
    SECTION("case 27: outside every executable segment") {
        for (uint64_t entry : {0x0ul, 0x40'0ffful, 0x40'2800ul, 0x40'3300ul, 0x40'4400ul, 0x7fff'ffff'f000ul})
            CHECK(with_entry(entry).refused_because("the entry point lies outside executable segments"));
        CHECK(with_entry(0xffff'ffff'8010'0000).refused_because("the entry point lies outside executable segments"));
    }
    SECTION("case 27: not canonical") {
        CHECK(with_entry(0x8000'0000'0000).refused_because("the entry point is not canonical"));
        CHECK(with_entry(0x0040'0000'0040'1000).refused_because("the entry point is not canonical"));
    }
    SECTION("case 27: in the BSS of a code segment") {
        CHECK(with_entry(0x40'2234).refused_because("the entry point lies behind the bytes of the file"));
        CHECK(with_entry(0x40'2233).ok());
    }
    SECTION("case 27: in an empty file range") {
        CHECK(with_segment({.file_size = 0}).refused_because("the entry point lies behind the bytes of the file"));
    }
}

TEST_CASE("malformed ELF special segments: each case by its name") {
    constexpr uint32_t dynamic = 2, interpreter = 3, tls = 7, gnu_stack = 0x6474'e551;
    SECTION("case 28: interpreter") {
        CHECK(with_second_segment({.type = interpreter}).refused_because("the file asks for an interpreter"));
    }
    SECTION("case 28: dynamic section") {
        CHECK(with_second_segment({.type = dynamic}).refused_because("the file asks for dynamic linking"));
    }
    SECTION("case 28: thread-local segment too large for file or memory, or wrapping") {
        CHECK(with_second_segment({.type = tls}).ok());
        CHECK(with_second_segment({.type = tls, .file_size = 0x21})
                  .refused_because("the thread-local segment does not fit into file or memory"));
        CHECK(with_second_segment({.type = tls, .file_size = 0x101, .memory_size = 0x101})
                  .refused_because("the thread-local segment does not fit into file or memory"));
        CHECK(with_second_segment({.type = tls, .memory_size = ~uint64_t{0}})
                  .refused_because("the thread-local segment does not fit into file or memory"));
        CHECK(with_second_segment({.type = tls, .address = ~uint64_t{0}})
                  .refused_because("the thread-local segment does not fit into file or memory"));
    }
    SECTION("case 28: two thread-local segments") {
        ElfBuilder builder;
        builder.headers = {{}, {.type = tls}, {.type = tls}};
        CHECK(Reading(builder).refused_because("the file has two thread-local segments"));
    }
    SECTION("case 28: an executable stack is harmless, as no stack is passed") {
        CHECK(with_second_segment({.type = gnu_stack, .flags = 7, .file_size = 0, .memory_size = 0}).ok());
    }
    SECTION("unknown types are not looked at") {
        CHECK(with_second_segment({.type = 0x6fff'ffff, .offset = ~uint64_t{0}, .address = 1, .alignment = 3}).ok());
    }
}

TEST_CASE("case 29: a file rewritten after it was read is loaded where the checked headers said") {
    ExactBytes file(three_segments().finished().bytes());
    ElfImage image;
    read_elf(file.span(), image);
    for (std::byte& byte : file.writable())
        byte = std::byte{0xff};
    CHECK(image.start() == VirtAddr(0x40'1000));
    CHECK(image.segments[1].file_offset == 0x2300);
    const Loaded loaded(file.span(), image);
    const auto memory = loaded.bytes();
    CHECK(memory[image.segments[1].address - image.start()] == std::byte{0xff});
    CHECK(std::all_of(memory.end() - 0x3000, memory.end(), [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("the pages of an image hold the file's bytes and zeros everywhere else") {
    const Reading reading(three_segments());
    REQUIRE(reading.ok());
    const auto expected = [&](VirtAddr address) -> std::byte {
        for (const ElfSegment& segment : reading.image.segments)
            if (segment.address <= address && address < segment.file_end())
                return reading.memory.span()[segment.file_offset + (address - segment.address)];
        return std::byte{0};
    };
    const Loaded loaded(reading.memory.span(), reading.image);
    const auto memory = loaded.bytes();
    size_t wrong = 0;
    for (size_t i = 0; i < memory.size(); ++i)
        wrong += memory[i] != expected(reading.image.start() + i);
    CHECK(wrong == 0);
}

TEST_CASE("case 30: every bit of the first 4 KiB of an ELF may be wrong: what is accepted is sound") {
    const ByteBuilder file = three_segments().finished();
    ExactBytes memory(file.bytes());
    size_t accepted = 0, refused = 0;
    for (size_t bit = 0; bit < 4096 * 8; ++bit) {
        memory.writable()[bit / 8] ^= std::byte{1} << (bit % 8);
        ElfImage image;
        if (!test::complaint_of([&] { read_elf(memory.span(), image); }).empty()) {
            ++refused;
        } else {
            ++accepted;
            bool sound = image.start() >= VirtAddr(4096) && image.end() <= ElfImage::highest_end;
            VirtAddr reached = image.start();
            for (const ElfSegment& segment : image.segments) {
                sound = sound && segment.address >= reached && segment.file_size <= segment.memory_size &&
                        segment.file_offset + segment.file_size <= file.size();
                reached = segment.end();
            }
            INFO("bit " << bit);
            CHECK(sound);
            const Loaded loaded(memory.span(), image);
        }
        memory.writable()[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    CHECK(accepted + refused == 32768);
    CHECK(accepted > 30000);
    CHECK(refused > 800);
}

} // namespace
