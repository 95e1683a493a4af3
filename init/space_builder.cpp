// SPDX-License-Identifier: BSD-2-Clause
// Mapping page by page.
#include <init/space_builder.hpp>

#include <algorithm>

namespace init {

Result<void> SpaceBuilder::map(sys::Frame frame, Word address, const sys::PageAccess& access) {
    for (unsigned levels = 0;; ++levels) {
        const Result<void> mapped = frame.map(space_, address, access);
        if (mapped || levels == 3 || !sys::is_missing_level(mapped.error()))
            return mapped;
        const sys::MissingLevel level = sys::missing_level(mapped.error());
        const sys::Object table(TRY(memory_.make(sys::object_for(level))));
        TRY(sys::map_level(level, table, space_, address));
    }
}

Result<sys::Frame> SpaceBuilder::map_new(Word address, const sys::PageAccess& access) {
    const sys::Frame frame(TRY(memory_.make(abi::ObjectType::frame_4k)));
    TRY(map(frame, address, access));
    return frame;
}

Result<void> ForeignSpaceBuilder::load(Word address, Word size, std::span<const uint8_t> bytes,
                                       const sys::PageAccess& access, Word seen_at) {
    const Word end = address + size;
    const Word first = address / page_size * page_size;
    for (Word page = first; page < end; page += page_size) {
        const sys::Frame frame(TRY(memory_.make(abi::ObjectType::frame_4k)));
        const Word from = std::max(page, address);
        const Word to = std::min({page + page_size, end, address + bytes.size()});
        if (from < to) {
            TRY(own_.map(frame, scratch_address, sys::PageAccess::read_write()));
            std::copy_n(bytes.data() + (from - address), to - from,
                        reinterpret_cast<uint8_t*>(scratch_address + (from - page)));
            TRY(frame.unmap());
        }
        TRY(foreign_.map(frame, page, access));
        if (seen_at == 0)
            continue;
        const Word copy = TRY(memory_.slots().take());
        TRY(own_cnode.at(copy).copy_from(own_cnode.at(frame.slot())));
        TRY(own_.map(sys::Frame(copy), seen_at + (page - first), sys::PageAccess::read_write()));
    }
    return {};
}

} // namespace init
