// SPDX-License-Identifier: BSD-2-Clause
// Building address spaces. An account's pages form a stack: a request that fails halfway gives back what it pushed.
#include <pager/address_space.hpp>

#include <algorithm>

namespace pager {

namespace {

using protocol::Error;

constexpr unsigned copies_per_page = 1u << sys::protocol::pager_startup::copy_bits;

sys::PageAccess access_of(const Region& region, abi::MemoryType type = abi::MemoryType::write_back) {
    return {.read = true, .write = region.writable, .execute = region.executable, .memory = type};
}

Result<void> or_refused(Result<void> result) {
    if (result || !result.error().is_kernel())
        return result;
    return sys::Error(Error::kernel_refused, result.error().label(), result.error().detail(0),
                      result.error().detail(1));
}

/// The part of an image region's file bytes that belongs on the page at `address`.
Result<void> fill_from_archive(Archive archive, const Region& region, Word address, Page page) {
    const Word start = std::max(address, region.file_bytes.start);
    const Word end = std::min(address + page_size, region.file_bytes.end);
    if (start >= end)
        return {};
    const Word offset = region.archive_offset + (start - region.file_bytes.start);
    if (offset > archive.size() || end - start > archive.size() - offset)
        return Error::bad_archive_range;
    uint8_t* const window = TRY(kernel_memory::open(page));
    std::copy_n(archive.data() + offset, end - start, window + (start - address));
    return kernel_memory::close(page);
}

} // namespace

Result<void> AddressSpace::create(Memory& memory, Word client_number, uint32_t index, Word quota) {
    account_ = {index, no_page, 0, quota};
    regions_.clear();
    pml4_ = TRY(memory.take(account_, abi::ObjectType::pml4, 0, Use::structure));
    Result<void> numbered = or_refused(kernel_memory::assign_space_number(pml4_));
    if (numbered)
        numbered = or_refused(kernel_memory::set_keeper(pml4_));
    if (!numbered) {
        memory.give_back_since(account_, no_page);
        return numbered.error();
    }
    number_ = client_number;
    return {};
}

Word AddressSpace::destroy(Memory& memory) {
    const Word pages = account_.pages;
    memory.give_back_since(account_, no_page);
    regions_.clear();
    number_ = 0;
    return pages;
}

/// `attempt` maps something at `address`; as long as a level is missing on the way down, it is made and mapped.
template <class Attempt>
Result<void> AddressSpace::with_structures(Memory& memory, Word address, const Attempt& attempt) {
    for (unsigned levels = 0;; ++levels) {
        const Result<void> done = attempt();
        if (done)
            return {};
        if (!sys::is_missing_level(done.error()) || levels == 3)
            return or_refused(done.error());
        const sys::MissingLevel level = sys::missing_level(done.error());
        const Page structure = TRY(memory.take(account_, sys::object_for(level), address, Use::structure));
        TRY(or_refused(kernel_memory::map_structure(structure, level, pml4_, address)));
    }
}

Result<void> AddressSpace::provide_new(Memory& memory, Archive archive, const Region& region, Word address) {
    const Page page = TRY(memory.take(account_, abi::ObjectType::frame_4k, address, Use::leaf));
    if (region.backing == Backing::image)
        TRY(or_refused(fill_from_archive(archive, region, address, page)));
    return with_structures(memory, address,
                           [&] { return kernel_memory::map_page(page, pml4_, address, access_of(region)); });
}

Result<sys::MapItem> AddressSpace::take_for_answer(Memory& memory, Archive archive, const Region& region,
                                                   Word address) {
    if (region.backing == Backing::lent || !memory.pool().find(account_.client, address).is_none())
        return sys::MapItem{};
    const Page mark = account_.newest;
    const Page page = TRY(memory.take(account_, abi::ObjectType::frame_4k, address, Use::leaf));
    const Result<void> filled = region.backing == Backing::image
                                    ? or_refused(fill_from_archive(archive, region, address, page))
                                    : Result<void>();
    if (!filled) {
        memory.give_back_since(account_, mark);
        return filled.error();
    }
    return sys::MapItem{sys::Object(kernel_memory::object_slot(page)), {address, access_of(region).page_rights()}, {}};
}

Result<void> AddressSpace::provide(Memory& memory, Archive archive, const Region& region, Word address) {
    if (region.backing == Backing::lent)
        return {}; // mapped since the region exists
    const Page present = memory.pool().find(account_.client, address);
    if (!present.is_none())
        return or_refused(kernel_memory::map_page(present, pml4_, address, access_of(region)));
    const Page mark = account_.newest;
    Result<void> done = provide_new(memory, archive, region, address);
    if (!done)
        memory.give_back_since(account_, mark);
    return done;
}

Result<void> AddressSpace::populate(Memory& memory, Archive archive, Range range) {
    const Page mark = account_.newest;
    for (Word address = range.start; address < range.end; address += page_size) {
        const Decision decision = decide(regions_, {.address = address});
        Result<void> done = decision.refusal != Refusal::none ? Result<void>(Error::no_such_region)
                                                              : provide(memory, archive, *decision.region, address);
        if (done)
            continue;
        memory.give_back_since(account_, mark);
        return done;
    }
    return {};
}

Result<void> AddressSpace::map(Memory& memory, Archive archive, const Region& region, Range present) {
    TRY(regions_.insert(region));
    Result<void> done = populate(memory, archive, present);
    if (!done)
        static_cast<void>(regions_.remove(region.range.start));
    return done;
}

Result<void> AddressSpace::map_copies(Memory& memory, const Region& region, Word first_slot, abi::MemoryType type) {
    Page copies;
    for (Word i = 0; i < region.range.pages(); ++i) {
        const Word address = region.range.start + i * page_size;
        const auto index = static_cast<unsigned>(i % copies_per_page);
        if (index == 0)
            copies = TRY(memory.take(account_, abi::ObjectType::cnode, address, Use::copies));
        TRY(or_refused(kernel_memory::copy_lent(first_slot + i, copies, index)));
        TRY(with_structures(memory, address, [&] {
            return kernel_memory::map_copy(copies, index, pml4_, address, access_of(region, type));
        }));
    }
    return {};
}

Result<void> AddressSpace::map_lent(Memory& memory, const Region& region, Word first_slot, abi::MemoryType type) {
    TRY(regions_.insert(region));
    const Page mark = account_.newest;
    Result<void> done = map_copies(memory, region, first_slot, type);
    if (!done) {
        memory.give_back_since(account_, mark);
        static_cast<void>(regions_.remove(region.range.start));
    }
    return done;
}

Result<Word> AddressSpace::unmap(Memory& memory, Word start) {
    const Region* const region = regions_.find(start);
    if (region == nullptr || region->range.start != start)
        return Error::no_such_region;
    const Range range = region->range;
    TRY(regions_.remove(start));
    Word freed = 0;
    for (Word address = range.start; address < range.end; address += page_size) {
        const Page page = memory.pool().find(account_.client, address);
        if (page.is_none())
            continue;
        memory.give_back(account_, page);
        ++freed;
    }
    return freed;
}

Result<Page> AddressSpace::page_at(Memory& memory, Archive archive, Word address) {
    const Decision decision = decide(regions_, {.address = address});
    if (decision.refusal != Refusal::none || decision.region->backing == Backing::lent)
        return Error::no_such_region;
    TRY(provide(memory, archive, *decision.region, decision.page));
    return memory.pool().find(account_.client, decision.page);
}

Result<void> AddressSpace::write(Memory& memory, Archive archive, Word address, std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
        const Decision decision = decide(regions_, {.address = address, .write = true});
        if (decision.refusal != Refusal::none)
            return Error::not_writable;
        const Page page = TRY(page_at(memory, archive, address));
        const Word offset = address - decision.page;
        const size_t count = std::min<size_t>(bytes.size(), page_size - offset);
        uint8_t* const window = TRY(kernel_memory::open(page));
        std::copy_n(bytes.data(), count, window + offset);
        TRY(kernel_memory::close(page));
        TRY(kernel_memory::map_page(page, pml4_, decision.page, access_of(*decision.region)));
        address += count;
        bytes = bytes.subspan(count);
    }
    return {};
}

} // namespace pager
