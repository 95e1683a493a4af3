// SPDX-License-Identifier: BSD-2-Clause
// The simulated kernel's chunks as a whole: huge pages, and giant ones.
#include <fake_kernel_memory.hpp>

#include <algorithm>
#include <sys/mman.h>

namespace fake {

ZeroedBytes::ZeroedBytes(size_t size)
    : size_(size), data_(static_cast<uint8_t*>(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {}
ZeroedBytes::~ZeroedBytes() { munmap(data_, size_); }

bool KernelMemory::is_made(uint32_t chunk) const {
    if (giants_from == 0 || chunk < giants_from)
        return true;
    const auto giant = giants.find(chunk / 512);
    return giant != giants.end() && giant->second.chunks == 512;
}

} // namespace fake

namespace pager::kernel_memory {

using fake::may_die;
using fake::need;

Word giant_slot(Giant giant) { return fake::giant_bit | giant.number; }

namespace {

constexpr Word table_span = Word{1} << 21, giant_size = Word{1} << 30;

void destroy_chunks(uint32_t first, uint32_t end) {
    auto& kernel = fake::kernel_memory();
    const uint32_t from = first << 9, to = end << 9;
    for (auto made = kernel.made.lower_bound(from); made != kernel.made.lower_bound(to); ++made)
        need(made->second == abi::ObjectType::frame_4k, "a chunk with more than frames in it");
    const auto erase = [](auto& all, uint32_t begin, uint32_t stop) {
        all.erase(all.lower_bound(begin), all.lower_bound(stop));
    };
    erase(kernel.made, from, to);
    erase(kernel.shown, from, to);
    erase(kernel.bytes, from, to);
    fake::drop_copies([&](Word, Word frame) {
        return (frame >= from && frame < to) || (frame >= (fake::block_bit | first) && frame < (fake::block_bit | end));
    });
    erase(kernel.records, first, end);
    erase(kernel.blocks, first, end);
    erase(kernel.shown_blocks, first, end);
}

} // namespace

void make_whole(uint32_t chunk) {
    may_die();
    destroy_chunks(chunk, chunk + 1);
    may_die();
}

Result<void> make_chunks(Giant giant) {
    TRY(fake::step());
    need(!fake::kernel_memory().giants.contains(giant.number), "memory for a giant page that is in use");
    fake::GiantMemory& memory = fake::kernel_memory().giants[giant.number];
    memory.chunks = 256;
    may_die();
    memory.chunks = 512;
    may_die();
    return {};
}

Result<void> make_giant(Giant giant) {
    TRY(fake::step());
    need(!fake::kernel_memory().giants.contains(giant.number), "memory for a giant page that is in use");
    fake::kernel_memory().giants[giant.number].bytes = std::make_unique<fake::ZeroedBytes>(giant_size);
    may_die();
    return {};
}

Result<void> show_giant(Giant giant) {
    TRY(fake::step());
    const auto is_near = [&](const auto& cut) { return cut.first / 512 == giant.number; };
    need(std::ranges::none_of(fake::kernel_memory().records, is_near), "a page directory where a giant page should be");
    if (!fake::kernel_memory().has_giant_pages)
        return abi::Error::illegal_operation;
    fake::kernel_memory().giants.at(giant.number).is_shown = true;
    may_die();
    return {};
}

void make_whole(Giant giant) {
    may_die();
    destroy_chunks(giant.first_chunk(), giant.chunks_end());
    fake::drop_copies([&](Word, Word frame) { return frame == (fake::giant_bit | giant.number); });
    fake::kernel_memory().giants.erase(giant.number);
    may_die();
}

GiantState state_of(Giant giant) {
    const auto found = fake::kernel_memory().giants.find(giant.number);
    if (found == fake::kernel_memory().giants.end())
        return GiantState::whole;
    if (found->second.bytes != nullptr)
        return GiantState::page;
    return found->second.chunks == 512 ? GiantState::chunks : GiantState::unfinished;
}

Word block_slot(uint32_t chunk) { return fake::block_bit | chunk; }

Result<void> make_block(uint32_t chunk) {
    TRY(fake::step());
    auto& kernel = fake::kernel_memory();
    need(kernel.is_made(chunk), "a chunk that is not there");
    need(!kernel.records.contains(chunk) && !kernel.blocks.contains(chunk), "a chunk that is in use");
    kernel.blocks[chunk] = std::vector<uint8_t>(0x20'0000);
    may_die();
    return {};
}

Result<void> show_block(uint32_t chunk) {
    TRY(fake::step());
    const auto is_near = [&](const auto& cut) { return cut.first / 512 == chunk / 512; };
    need(std::ranges::any_of(fake::kernel_memory().records, is_near), "no page directory to show a block with");
    fake::kernel_memory().shown_blocks.insert(chunk);
    may_die();
    return {};
}

const uint8_t* block_bytes(uint32_t chunk) {
    const auto giant = fake::kernel_memory().giants.find(chunk / 512);
    if (giant != fake::kernel_memory().giants.end() && giant->second.bytes != nullptr) {
        need(giant->second.is_shown, "a giant page that is not in the window");
        return giant->second.bytes->data() + Word{chunk % 512} * table_span;
    }
    need(fake::kernel_memory().shown_blocks.contains(chunk), "a block that is not in the window");
    return fake::kernel_memory().blocks.at(chunk).data();
}

} // namespace pager::kernel_memory
