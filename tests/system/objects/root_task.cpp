// SPDX-License-Identifier: BSD-2-Clause
// What the root task finds around itself: its address space, and the boot modules that came with it.
#include <string_view>
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using test::boot_info;
using test::Fault;
using test::invoke;
using test::own_space;
using test::page_size;
using test::Thread;
using test::Word;

namespace {

constexpr Word table_size = page_size * 512;

Word image_start() { return boot_info().ipc_buffer - boot_info().user_image_frames.count() * page_size; }
Word space_end() { return boot_info().ipc_buffer + (2 + boot_info().extra_frames.count()) * page_size; }

/// A stretch of device memory that can be read.
class DeviceView {
public:
    static constexpr Word base = 0x3000'0000;

    sys::Result<void> make(Word from, Word size) {
        from_ = from;
        end_ = from + size;
        table_ = TRY(sys::make_object<sys::PageTable>(test::space(), test::arena()));
        TRY(table_->map(own_space(), base));
        for (Word i = 0; i < boot_info().untyped.count(); ++i) {
            const abi::UntypedDescriptor& piece = boot_info().untyped_list[i];
            if (piece.is_device)
                TRY(map_part(sys::Untyped(boot_info().untyped.start + i), piece.paddr, piece.size_bits));
        }
        return {};
    }
    Word page_count() const { return frame_count_; }

private:
    static constexpr unsigned most_pages = 16;
    static constexpr unsigned most_parts = 64;

    /// Halves of halves, until they are pages.
    sys::Result<void> map_part(sys::Untyped part, Word start, unsigned bits) {
        if (start >= end_ || start + (Word{1} << bits) <= from_)
            return {};
        if (bits == abi::page_bits)
            return map_page(part, start);
        for (const Word half : {start, start + (Word{1} << (bits - 1))}) {
            if (part_count_ == most_parts)
                return sys::Error(abi::Error::not_enough_memory);
            parts_[part_count_] = TRY(test::make_untyped(bits - 1, part));
            TRY(map_part(parts_[part_count_++], half, bits - 1));
        }
        return {};
    }
    sys::Result<void> map_page(sys::Untyped part, Word start) {
        if (frame_count_ == most_pages)
            return sys::Error(abi::Error::not_enough_memory);
        frames_[frame_count_] = TRY(sys::make_object<sys::Frame>(test::space(), part));
        return frames_[frame_count_++]->map(own_space(), base + start - from_, sys::PageAccess::read_only());
    }
    Word from_ = 0;
    Word end_ = 0;
    test::Cap<sys::PageTable> table_;
    test::Cap<sys::Untyped> parts_[most_parts];
    test::Cap<sys::Frame> frames_[most_pages];
    unsigned part_count_ = 0;
    unsigned frame_count_ = 0;
};

} // namespace

SYSTEM_TEST("the root task's space: around its pages nothing is mapped, and the tables cover just them") {
    REQUIRE_VALUE(memory, test::make_untyped(18));
    REQUIRE_VALUE(faults, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    for (const Word address : {Word{0}, image_start() - 1, space_end(), Word{0x7fff'ffff'efff}}) {
        auto reads = [&] { static_cast<void>(*reinterpret_cast<volatile uint8_t*>(address)); };
        Thread thread;
        REQUIRE_OK(thread.start(memory, reads, {.fault_handler = faults}));
        const auto message = test::receive_within(faults, reply);
        REQUIRE(message.has_value());
        const Fault fault = test::to_fault(*message);
        CHECK(fault.kind == abi::Fault::vm_fault);
        CHECK_EQUAL(fault.address(), address);
    }
    // One PDPT, a directory for each GiB, a table for each 2 MiB that the image and the pages behind it touch.
    constexpr Word gib = table_size * 512;
    const Word last = space_end() - 1;
    const Word directories = last / gib - image_start() / gib + 1;
    const Word tables = last / table_size - image_start() / table_size + 1;
    CHECK_EQUAL(boot_info().user_image_paging.count(), 1 + directories + tables);
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), memory));
    const Word behind = (last / table_size + 1) * table_size;
    CHECK_ANSWER(invoke(frame, Invocation::page_map, {behind, 3, 0}, {own_space()}), failed_lookup, 0, 2, 21);
}

SYSTEM_TEST("boot modules: each has address, size and name; its pages are device memory, the file and then zeros") {
    const auto chunk = test::boot_chunk(abi::boot_chunk::modules);
    REQUIRE(CHECK_EQUAL(chunk.size(), sizeof(Word) + sizeof(abi::BootModule)));
    Word count;
    __builtin_memcpy(&count, chunk.data(), sizeof(count));
    CHECK_EQUAL(count, 1);
    abi::BootModule module;
    __builtin_memcpy(&module, chunk.data() + sizeof(count), sizeof(module));
    CHECK_EQUAL(module.paddr % page_size, 0);
    CHECK(std::string_view(module.name) == "retype.cpp"); // suite.toml says so
    const Word page_count = (module.size + page_size - 1) / page_size;
    REQUIRE(page_count >= 2);
    DeviceView view;
    REQUIRE_OK(view.make(module.paddr, page_count * page_size));
    REQUIRE(CHECK_EQUAL(view.page_count(), page_count));
    const std::string_view text(reinterpret_cast<const char*>(DeviceView::base), module.size);
    CHECK(text.starts_with("// SPDX-License-Identifier: BSD-2-Clause\n"));
    CHECK(text.find('\0') == text.npos);
    CHECK(text.ends_with("}\n"));
    for (Word i = module.size; i < page_count * page_size; ++i)
        REQUIRE(CHECK_EQUAL(reinterpret_cast<const uint8_t*>(DeviceView::base)[i], 0));
}

SYSTEM_TEST("boot information: the framebuffer is device memory, and where its lines are") {
    const auto chunk = test::boot_chunk(abi::boot_chunk::framebuffer);
    REQUIRE(CHECK_EQUAL(chunk.size(), 8 + 3 * 4 + 2));
    Word address;
    uint32_t pitch_width_height[3];
    __builtin_memcpy(&address, chunk.data(), sizeof(address));
    __builtin_memcpy(pitch_width_height, chunk.data() + 8, sizeof(pitch_width_height));
    const auto [pitch, width, height] = pitch_width_height;
    const uint8_t bits = chunk[20];
    const uint8_t type = chunk[21];
    // GRUB leaves the text screen of a PC as it is: characters of two bytes.
    CHECK_EQUAL(type, 2);
    CHECK_EQUAL(bits, 16);
    CHECK_EQUAL(address, 0xb8000);
    CHECK(width == 80 && height == 25 && pitch == 160);
    DeviceView view;
    REQUIRE_OK(view.make(address, test::page_size));
    REQUIRE(CHECK_EQUAL(view.page_count(), 1));
    const auto* screen = reinterpret_cast<const uint8_t*>(DeviceView::base);
    unsigned letters = 0; // of what GRUB, or the firmware before it, has written there
    for (unsigned i = 0; i < pitch * height; i += 2)
        letters += screen[i] > ' ' && screen[i] < 0x7f;
    CHECK(letters > 0);
}
