// SPDX-License-Identifier: BSD-2-Clause
// Loading a program without a pager: every byte and every right where the ELF file says, and nothing left on failure.
#include <catch.hpp>
#include <libsys/elf/elf_builder.hpp>
#include <libsys/simulated_kernel.hpp>
#include <sys/proc/address_space_builder.hpp>

using namespace sys;

namespace {

alignas(4096) uint8_t window[4096];

struct Rig {
    Rig() {
        kernel.add_untyped(100, 20);
        kernel.add_space(3);
        kernel.set_window(3, window);
    }
    SimulatedKernel kernel;
    StaticSlotAllocator<256> slots{1000};
    CSpace cspace{CNode(Word{2}), slots};
    BuilderResources resources{cspace, Untyped(Word{100}), AsidPool(Word{6}), VSpace(Word{3}),
                               reinterpret_cast<Word>(window)};
};

/// As ElfBuilder's program, with recognisable bytes.
std::vector<uint8_t> program() {
    auto file = ElfBuilder().bytes();
    for (size_t i = 0; i < 64; ++i)
        file[0x1000 + i] = static_cast<uint8_t>(i + 1);
    for (size_t i = 0; i < 32; ++i)
        file[0x2000 + i] = static_cast<uint8_t>(0x80 + i);
    return file;
}

} // namespace

TEST_CASE("address space builder: an image has its bytes, its zeros and its rights", "[libsys][proc]") {
    Rig rig;
    const auto file = program();
    const auto image = elf::Image::read(file);
    REQUIRE(image);
    auto builder = AddressSpaceBuilder::create(rig.resources, AddressSpaceBuilder::objects_needed(*image, 0));
    REQUIRE(builder);
    REQUIRE(builder->add_image(*image, file));
    CHECK(builder->pages_mapped() == 3);
    const Word space = builder->space().slot();

    const auto* const text = rig.kernel.frame_at(space, 0x400000);
    REQUIRE(text != nullptr);
    CHECK(text->mapping.rights == Rights::read().raw());
    CHECK(text->mapping.attributes == 0); // executable
    CHECK(text->content[0] == 1);
    CHECK(text->content[63] == 64);
    CHECK(std::all_of(text->content.begin() + 64, text->content.end(), [](uint8_t byte) { return byte == 0; }));

    const auto* const data = rig.kernel.frame_at(space, 0x401000);
    REQUIRE(data != nullptr);
    CHECK(data->mapping.rights == (Rights::read() | Rights::write()).raw());
    CHECK(data->mapping.attributes == abi::attribute_execute_never);
    CHECK(data->content[31] == 0x9f);
    CHECK(std::all_of(data->content.begin() + 32, data->content.end(), [](uint8_t byte) { return byte == 0; }));

    const auto* const bss = rig.kernel.frame_at(space, 0x402000);
    REQUIRE(bss != nullptr);
    CHECK(std::all_of(bss->content.begin(), bss->content.end(), [](uint8_t byte) { return byte == 0; }));
    CHECK(rig.kernel.frame_at(3, reinterpret_cast<Word>(window)) == nullptr);
}

TEST_CASE("address space builder: a segment that starts inside a page keeps its offset", "[libsys][proc]") {
    Rig rig;
    ElfBuilder elf;
    elf.programs[1].offset = 0x1f80;
    elf.programs[1].address = 0x401f80;
    elf.programs[1].file_size = 0xa0; // crosses into the next page
    elf.programs[1].memory_size = 0x100;
    auto file = elf.bytes();
    file[0x1f80] = 0x11;
    file[0x2000] = 0x22;
    file[0x201f] = 0x33;
    const auto image = elf::Image::read(file);
    REQUIRE(image);
    auto builder = AddressSpaceBuilder::create(rig.resources, AddressSpaceBuilder::objects_needed(*image, 0));
    REQUIRE(builder);
    REQUIRE(builder->add_image(*image, file));
    const Word space = builder->space().slot();
    CHECK(rig.kernel.frame_at(space, 0x401000)->content[0xf7f] == 0);
    CHECK(rig.kernel.frame_at(space, 0x401000)->content[0xf80] == 0x11);
    CHECK(rig.kernel.frame_at(space, 0x402000)->content[0] == 0x22);
    CHECK(rig.kernel.frame_at(space, 0x402000)->content[0x1f] == 0x33);
    CHECK(rig.kernel.frame_at(space, 0x402000)->content[0x20] == 0);
}

TEST_CASE("address space builder: the start-up block ends at the top of the stack", "[libsys][proc]") {
    Rig rig;
    auto builder = AddressSpaceBuilder::create(rig.resources, 40);
    REQUIRE(builder);
    std::vector<uint8_t> block(4096 + 48);
    for (size_t i = 0; i < block.size(); ++i)
        block[i] = static_cast<uint8_t>(i % 251);
    REQUIRE(builder->add_stack(0x1000000, 4, {0x1000000 - block.size(), block}));
    const Word space = builder->space().slot();
    CHECK(builder->pages_mapped() == 4);
    CHECK(rig.kernel.frame_at(space, 0xfff000)->content[4095] == block.back());
    CHECK(rig.kernel.frame_at(space, 0xfff000)->content[0] == block[48]);
    CHECK(rig.kernel.frame_at(space, 0xffe000)->content[4095] == block[47]);
    CHECK(rig.kernel.frame_at(space, 0xffe000)->content[4096 - 48] == block[0]);
    CHECK(rig.kernel.frame_at(space, 0xffe000)->content[4096 - 49] == 0);
    CHECK(rig.kernel.frame_at(space, 0xffc000) != nullptr);
    CHECK(rig.kernel.frame_at(space, 0xffb000) == nullptr);
    CHECK(builder->add_stack(0x2000000, 1, {0, block}).error() == ErrorCode::invalid_value);
}

TEST_CASE("address space builder: whatever step fails, nothing is left", "[libsys][proc]") {
    const auto file = program();
    const auto image = elf::Image::read(file);
    REQUIRE(image);
    unsigned failing = 1;
    for (;; ++failing) {
        Rig rig;
        const size_t before = rig.kernel.objects.size();
        rig.kernel.fail_retype_after(failing);
        {
            auto builder = AddressSpaceBuilder::create(rig.resources, AddressSpaceBuilder::objects_needed(*image, 1));
            const bool done =
                builder && builder->add_image(*image, file) && builder->add_page(0x1001000, PageAccess::read_write());
            if (done)
                break;
        }
        REQUIRE(rig.kernel.objects.size() == before);
        REQUIRE(rig.slots.free_count() == 256);
    }
    CHECK(failing > 8); // PML4, four frames and their tables
}

TEST_CASE("address space builder: what is kept stays, unused slots come back", "[libsys][proc]") {
    Rig rig;
    {
        auto builder = AddressSpaceBuilder::create(rig.resources, 100);
        REQUIRE(builder);
        REQUIRE(builder->add_page(0x400000, PageAccess::read_only()));
        CHECK(builder->tables_made() == 3);
        builder->keep();
    }
    CHECK(rig.slots.free_count() == 256 - 5); // PML4, frame, three tables
    CHECK(rig.kernel.count(abi::ObjectType::frame_4k) == 1);
}

TEST_CASE("address space builder: nonsense is refused", "[libsys][proc]") {
    Rig rig;
    auto builder = AddressSpaceBuilder::create(rig.resources, 20);
    REQUIRE(builder);
    const std::vector<uint8_t> too_much(4097);
    CHECK(builder->add_page(0x400001, PageAccess::read_only()).error() == ErrorCode::invalid_value);
    CHECK(builder->add_page(0x400000, PageAccess::read_only(), too_much).error() == ErrorCode::invalid_value);
    CHECK(AddressSpaceBuilder::create(rig.resources, 1000).error() == ErrorCode::out_of_slots);
    const auto file = program();
    const auto image = elf::Image::read(file);
    CHECK(builder->add_image(*image, std::span(file).first(0x1000)).error() == ErrorCode::invalid_value);
}
