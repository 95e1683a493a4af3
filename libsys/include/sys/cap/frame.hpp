// SPDX-License-Identifier: BSD-2-Clause
// Frames: memory that can be mapped. One capability holds one mapping; copies have their own.
#pragma once

#include <abi/object.hpp>
#include <abi/paging.hpp>
#include <abi/rights.hpp>
#include <sys/cap/vspace.hpp>

namespace sys {

/// What user mode may do with a mapped page.
struct PageAccess {
    bool read = true; ///< user mode may read it
    bool write = false; ///< and write
    bool execute = false; ///< and execute
    abi::MemoryType memory = abi::MemoryType::write_back; ///< how it is cached

    /// Data that does not change.
    static constexpr PageAccess read_only() { return {}; }
    /// Data.
    static constexpr PageAccess read_write() { return {.write = true}; }
    /// Code.
    static constexpr PageAccess read_execute() { return {.execute = true}; }

    /// The rights word of Page.Map.
    constexpr Word rights() const {
        return ((read ? abi::Rights::read() : abi::Rights::none()) |
                (write ? abi::Rights::write() : abi::Rights::none()))
            .raw();
    }
    /// The rights of calls on ranges.
    constexpr abi::PageRights page_rights() const {
        return abi::PageRights(Word{write} | Word{read} << 1 | Word{execute} << 2);
    }
    /// The attribute word of Page.Map.
    constexpr Word attributes() const {
        return static_cast<Word>(memory) | (execute ? 0 : abi::attribute_execute_never);
    }
    constexpr bool operator==(const PageAccess&) const = default;
};

/// A frame of any size.
class Frame : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::frame_4k;
    using Object::Object;

    /// Mapped at that very address already: changes rights and attributes.
    Result<void> map(VSpace space, Word address, const PageAccess& access) const {
        return invoke(*this, abi::Invocation::page_map, with_caps(space), address, access.rights(),
                      access.attributes());
    }
    /// Nothing happens if it is not mapped.
    Result<void> unmap() const { return invoke(*this, abi::Invocation::page_unmap, with_caps()); }
    /// Unmaps it and leaves `cookie` (36 bits) in its place; returns abi::was_accessed | abi::was_dirty, exactly.
    Result<Word> evict(Word cookie) const {
        return invoke_for_word(*this, abi::Invocation::page_evict, with_caps(), cookie);
    }
    /// Where it lies.
    Result<Word> physical_address() const {
        return invoke_for_word(*this, abi::Invocation::page_get_address, with_caps());
    }
};

/// A frame of 2 MiB.
class LargeFrame : public Frame {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::frame_2m;
    using Frame::Frame;
};

/// A frame of 1 GiB.
class HugeFrame : public Frame {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::frame_1g;
    using Frame::Frame;
};

static_assert(PageAccess::read_only().rights() == 2 && PageAccess::read_write().rights() == 3);
static_assert(PageAccess::read_only().attributes() == 8 && PageAccess::read_execute().attributes() == 0);

} // namespace sys
