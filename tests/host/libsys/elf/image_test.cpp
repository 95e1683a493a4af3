// SPDX-License-Identifier: BSD-2-Clause
// The ELF reader against the 30 malformed cases that every loader must survive: each refused by its own name.
#include <catch.hpp>
#include <libsys/elf/elf_builder.hpp>
#include <sys/elf/image.hpp>

using namespace sys;
using elf::Fault;

namespace {

Fault fault_in(const std::vector<uint8_t>& file, const elf::Limits& limits = {}) {
    const auto image = elf::Image::read(file, limits);
    return image ? Fault::none : elf::fault_of(image.error());
}

/// The valid program with one change.
template <class Change>
Fault fault_after(Change change, const elf::Limits& limits = {}) {
    ElfBuilder builder;
    change(builder);
    return fault_in(builder.bytes(), limits);
}

constexpr Word two_63 = Word{1} << 63;

/// What must hold of everything that is accepted, whatever the bytes were.
void require_harmless(const elf::Image& image, size_t file_size) {
    Word last_end = 0x1000;
    bool entry_is_code = false;
    for (const elf::Segment& segment : image.segments()) {
        REQUIRE(segment.file_size <= segment.memory_size);
        REQUIRE(segment.file_offset <= file_size);
        REQUIRE(segment.file_size <= file_size - segment.file_offset);
        REQUIRE(!(segment.writable && segment.executable));
        REQUIRE(segment.pages().start >= last_end);
        REQUIRE(segment.pages().end <= abi::user_end);
        last_end = segment.pages().end;
        if (segment.executable && image.entry() - segment.address < segment.file_size)
            entry_is_code = true;
    }
    REQUIRE(entry_is_code);
}

} // namespace

TEST_CASE("elf: a valid program is read as it is", "[libsys][elf]") {
    const auto file = ElfBuilder().bytes();
    const auto image = elf::Image::read(file);
    REQUIRE(image);
    CHECK(image->entry() == 0x400000);
    REQUIRE(image->segments().size() == 2);
    const elf::Segment& text = image->segments()[0];
    CHECK(text.executable);
    CHECK_FALSE(text.writable);
    CHECK(text.address == 0x400000);
    CHECK(text.file_offset == 0x1000);
    const elf::Segment& data = image->segments()[1];
    CHECK(data.writable);
    CHECK_FALSE(data.executable);
    CHECK(data.pages().end == 0x403000);
    CHECK(image->page_count() == 3);
    CHECK(image->header_address() == 0);
    CHECK(image->header_count() == 2);
}

TEST_CASE("elf: program headers inside a segment have an address", "[libsys][elf]") {
    ElfBuilder builder;
    builder.programs[0].offset = 0;
    builder.programs[0].file_size = builder.programs[0].memory_size = 0x800;
    const auto image = elf::Image::read(builder.bytes());
    REQUIRE(image);
    CHECK(image->header_address() == 0x400040);
}

TEST_CASE("elf 1-7: what is no 64-bit little-endian x86-64 ELF file", "[libsys][elf]") {
    CHECK(fault_in({}) == Fault::empty_file);
    CHECK(fault_in(ElfBuilder().bytes(63)) == Fault::truncated_header);
    CHECK(fault_after([](ElfBuilder& b) { b.header.ident[1] = 'X'; }) == Fault::bad_magic);
    CHECK(fault_after([](ElfBuilder& b) { b.header.ident[4] = 1; }) == Fault::not_64_bit);
    CHECK(fault_after([](ElfBuilder& b) { b.header.ident[5] = 2; }) == Fault::not_little_endian);
    CHECK(fault_after([](ElfBuilder& b) { b.header.ident[6] = 0; }) == Fault::bad_version);
    CHECK(fault_after([](ElfBuilder& b) { b.header.version = 2; }) == Fault::bad_version);
    CHECK(fault_after([](ElfBuilder& b) { b.header.machine = 183; }) == Fault::wrong_machine);
}

TEST_CASE("elf 8: only static programs; ET_DYN has its own name", "[libsys][elf]") {
    const uint16_t type = GENERATE(uint16_t{0}, uint16_t{1}, uint16_t{4}, uint16_t{0xfe00}, uint16_t{0xffff});
    CHECK(fault_after([&](ElfBuilder& b) { b.header.type = type; }) == Fault::not_a_program);
    CHECK(fault_after([](ElfBuilder& b) { b.header.type = elf::type_dynamic; }) == Fault::position_independent);
}

TEST_CASE("elf 9-13: program headers out of reach or out of number", "[libsys][elf]") {
    CHECK(fault_after([](ElfBuilder& b) { b.header.header_offset = 0x100000; }) == Fault::headers_outside_file);
    CHECK(fault_after([](ElfBuilder& b) { b.header.header_offset = 0x2020 - 111; }) == Fault::headers_outside_file);
    CHECK(fault_after([](ElfBuilder& b) { b.header.header_offset = ~Word{0} - 20; }) == Fault::headers_wrap);
    const uint16_t size = GENERATE(uint16_t{0}, uint16_t{55}, uint16_t{57});
    CHECK(fault_after([&](ElfBuilder& b) { b.header.header_entry_size = size; }) == Fault::bad_header_entry_size);
    CHECK(fault_after([](ElfBuilder& b) { b.header.header_count = 0; }) == Fault::no_program_headers);
    CHECK(fault_after([](ElfBuilder& b) { b.header.header_count = 0xffff; }) == Fault::too_many_headers);
    CHECK(fault_after([](ElfBuilder& b) { b.header.size = 52; }) == Fault::bad_header_size);
}

TEST_CASE("elf 14-16: segments out of the file", "[libsys][elf]") {
    CHECK(fault_after([](ElfBuilder& b) { b.programs[1].offset = 0x100000; }) == Fault::segment_outside_file);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[1].file_size = 33; }) == Fault::segment_outside_file);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[1].offset = ~Word{0} - 8; }) == Fault::segment_offset_wraps);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].memory_size = 63; }) == Fault::file_larger_than_memory);
}

TEST_CASE("elf 17-21: segments out of the user half", "[libsys][elf]") {
    const auto at = [](Word address, Word size) {
        return fault_after([=](ElfBuilder& b) {
            b.programs[1].address = address;
            b.programs[1].memory_size = size;
        });
    };
    CHECK(at(0x401000, two_63) == Fault::segment_too_large);
    CHECK(at(0x401000, (Word{1} << 30) + 1) == Fault::segment_too_large);
    CHECK(at(~Word{0xfff}, 0x2000) == Fault::address_wraps);
    CHECK(at(0x0000'8000'0000'0000, 0x1000) == Fault::non_canonical_address);
    CHECK(at(0xfffe'0000'0000'0000, 0x1000) == Fault::non_canonical_address);
    CHECK(at(0xffff'ffff'8000'0000, 0x1000) == Fault::kernel_address);
    CHECK(at(0x0000'7fff'ffff'f000, 0x1000) == Fault::kernel_address);
    CHECK(at(0x0000'7fff'ffff'e000, 0x1001) == Fault::kernel_address);
    CHECK(at(0x0000'7fff'ffff'e000, 0x1000) == Fault::none);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].address = 0; }) == Fault::page_zero);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].address = 0xfff, b.programs[0].alignment = 1; }) ==
          Fault::page_zero);

    const elf::AddressRange reserved[] = {{0xff0000, 0x1002000}};
    const elf::Limits limits{.reserved = reserved};
    const auto with_data_at = [&](Word address, Word size) {
        return fault_after(
            [=](ElfBuilder& b) {
                b.programs[1].address = address;
                b.programs[1].memory_size = size;
            },
            limits);
    };
    CHECK(with_data_at(0x1000000, 0x100) == Fault::reserved_address);
    CHECK(with_data_at(0xfef000, 0x1001) == Fault::reserved_address);
    CHECK(with_data_at(0xfef000, 0x1000) == Fault::none);
}

TEST_CASE("elf 22-23: alignments", "[libsys][elf]") {
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].alignment = 3; }) == Fault::bad_alignment);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].alignment = 0x1001; }) == Fault::bad_alignment);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].alignment = two_63; }) == Fault::bad_alignment);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].alignment = 0; }) == Fault::none);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].alignment = 1; }) == Fault::none);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].offset = 0x1010; }) == Fault::misaligned_segment);
}

TEST_CASE("elf 24-25: segments in each other's way", "[libsys][elf]") {
    CHECK(fault_after([](ElfBuilder& b) { b.programs[1].address = 0x400000; }) == Fault::segments_overlap);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[1].address = 0x400020, b.programs[1].alignment = 1; }) ==
          Fault::segments_overlap);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[1].address = 0x400800, b.programs[1].alignment = 1; }) ==
          Fault::segments_share_page);
    CHECK(fault_after([](ElfBuilder& b) { std::swap(b.programs[0], b.programs[1]); }) == Fault::segments_out_of_order);
    CHECK(fault_after([](ElfBuilder& b) {
              b.programs.clear();
              for (Word i = 0; i < 17; ++i)
                  b.add(elf::segment_load, elf::flag_execute, 0, 0x400000 + i * 0x1000, 16, 16);
          }) == Fault::too_many_segments);
}

TEST_CASE("elf 26: a segment that is writable and executable is refused by name", "[libsys][elf]") {
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].flags = 7; }) == Fault::writable_and_executable);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[1].flags = 3; }) == Fault::writable_and_executable);
}

TEST_CASE("elf 27: entry points outside the code", "[libsys][elf]") {
    const auto entry = [](Word address) { return fault_after([=](ElfBuilder& b) { b.header.entry = address; }); };
    CHECK(entry(0x401000) == Fault::entry_not_code);
    CHECK(entry(0) == Fault::entry_not_code);
    CHECK(entry(0x400040) == Fault::entry_not_code);
    CHECK(entry(0x40003f) == Fault::none);
    CHECK(entry(0x0000'8000'0000'0000) == Fault::entry_not_canonical);
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].memory_size = 0x800, b.header.entry = 0x400400; }) ==
          Fault::entry_not_code); // in the zero-filled part of an executable segment
    CHECK(fault_after([](ElfBuilder& b) { b.programs.clear(), b.add(4, 4, 0x1000, 0, 8, 8); }) == Fault::no_segments);
}

TEST_CASE("elf 28: what only a dynamic loader could run; thread-local storage; executable stacks", "[libsys][elf]") {
    const auto with = [](uint32_t type, uint32_t flags, Word file_size, Word memory_size, int times = 1) {
        return fault_after([=](ElfBuilder& b) {
            for (int i = 0; i < times; ++i)
                b.add(type, flags, 0x1000, 0x400000, file_size, memory_size, 8);
        });
    };
    CHECK(with(elf::segment_interpreter, 4, 8, 8) == Fault::needs_interpreter);
    CHECK(with(elf::segment_dynamic, 6, 8, 8) == Fault::needs_relocation);
    CHECK(with(elf::segment_stack, 7, 0, 0) == Fault::executable_stack);
    CHECK(with(elf::segment_stack, 6, 0, 0) == Fault::none);
    CHECK(with(elf::segment_tls, 4, 8, 16) == Fault::none);
    CHECK(with(elf::segment_tls, 4, 8, 16, 2) == Fault::two_tls);
    CHECK(with(elf::segment_tls, 4, 8, ~Word{0}) == Fault::bad_tls);
    CHECK(with(elf::segment_tls, 4, 16, 8) == Fault::bad_tls);
    CHECK(with(elf::segment_tls, 4, 0x100000, 0x100000) == Fault::bad_tls);
}

TEST_CASE("elf 29: a file rewritten after the check changes nothing", "[libsys][elf]") {
    auto file = ElfBuilder().bytes();
    const auto image = elf::Image::read(file);
    REQUIRE(image);
    std::fill(file.begin(), file.end(), 0xff);
    CHECK(image->entry() == 0x400000);
    CHECK(image->segments()[1].address == 0x401000);
    require_harmless(*image, file.size());
}

TEST_CASE("elf 29: segments may contain the headers", "[libsys][elf]") {
    CHECK(fault_after([](ElfBuilder& b) { b.programs[0].offset = 0, b.programs[0].file_size = 64; }) == Fault::none);
}

TEST_CASE("elf 30: every prefix of a file is refused or harmless", "[libsys][elf]") {
    const auto whole = ElfBuilder().bytes();
    for (size_t size = 0; size < whole.size(); ++size) {
        const std::vector<uint8_t> prefix(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
        const auto image = elf::Image::read(prefix);
        REQUIRE_FALSE(image);
        REQUIRE(elf::fault_of(image.error()) != Fault::none);
    }
}

TEST_CASE("elf 30: every single-bit flip of the first 4 KiB is refused or harmless", "[libsys][elf]") {
    auto file = ElfBuilder().bytes();
    unsigned refused = 0;
    for (size_t bit = 0; bit < 4096 * 8; ++bit) {
        const auto mask = static_cast<uint8_t>(1u << (bit % 8));
        file[bit / 8] ^= mask;
        const auto image = elf::Image::read(file);
        if (image)
            require_harmless(*image, file.size());
        else
            ++refused;
        file[bit / 8] ^= mask;
    }
    CHECK(refused > 300); // nearly every bit of the fields that are read matters
}

TEST_CASE("elf: every fault has a sentence of its own", "[libsys][elf]") {
    std::vector<std::string> sentences;
    for (Word value = 0; value <= static_cast<Word>(Fault::bad_relro); ++value)
        sentences.emplace_back(elf::describe(static_cast<Fault>(value)));
    std::sort(sentences.begin(), sentences.end());
    CHECK(std::adjacent_find(sentences.begin(), sentences.end()) == sentences.end());
    CHECK(std::find(sentences.begin(), sentences.end(), "unknown fault") == sentences.end());
}
