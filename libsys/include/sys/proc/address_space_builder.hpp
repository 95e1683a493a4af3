// SPDX-License-Identifier: BSD-2-Clause
// Builds an address space without a pager: for the programs that run before there is one. Everything (PML4, tables,
// frames) comes out of one untyped capability, so that revoking that takes all of it back.
#pragma once

#include <span>
#include <sys/cap/asid.hpp>
#include <sys/cap/cspace.hpp>
#include <sys/cap/frame.hpp>
#include <sys/elf/image.hpp>
#include <sys/proc/initial_stack.hpp>

namespace sys {

/// What an address space is made with.
struct BuilderResources {
    CSpace& cspace; ///< the caller's own
    Untyped memory; ///< RAM without children
    AsidPool asid_pool;
    VSpace own_space; ///< the caller's own
    Word window = 0;  ///< a page of the caller's own address space where nothing is mapped; frames are filled there
};

/// Makes an address space and fills it; gone with all of it unless it is kept.
class AddressSpaceBuilder {
public:
    /// Slots and 4 KiB objects that an image, `extra_pages` more and all tables may take: the least `slots` for create,
    /// and the memory it needs in pages.
    static Word objects_needed(const elf::Image& image, unsigned extra_pages);

    /// An empty address space; it may have up to `slots` objects.
    static Result<AddressSpaceBuilder> create(const BuilderResources& resources, Word slots);
    AddressSpaceBuilder(AddressSpaceBuilder&& other);
    AddressSpaceBuilder(const AddressSpaceBuilder&) = delete;
    AddressSpaceBuilder& operator=(const AddressSpaceBuilder&) = delete;
    /// Takes everything back, unless kept.
    ~AddressSpaceBuilder();

    VSpace space() const { return space_; }

    /// One zeroed page, with `content` copied to its beginning. `address` is page-aligned.
    Result<Frame> add_page(Word address, const PageAccess& access, std::span<const uint8_t> content = {});
    /// All pages of all segments, each with its segment's rights. `file` is what `image` was read from.
    Result<void> add_image(const elf::Image& image, std::span<const uint8_t> file);
    /// `pages` writable pages below `top`, with the start-up block at the end of the last one.
    Result<void> add_stack(Word top, unsigned pages, const InitialStack& stack);

    unsigned pages_mapped() const { return pages_; }
    unsigned tables_made() const { return tables_; }

    /// The address space stays for good; capabilities and slots are no longer the builder's.
    VSpace keep();

private:
    AddressSpaceBuilder(const BuilderResources& resources, Word first_slot, Word slots)
        : resources_(resources), first_slot_(first_slot), slots_(slots) {}
    Result<Word> make(abi::ObjectType type);
    Result<void> map(Frame frame, VSpace space, Word address, const PageAccess& access);
    /// Copies `content` to byte `offset` of a frame, through the window.
    Result<void> fill(Frame frame, size_t offset, std::span<const uint8_t> content);
    Result<Frame> add_page_at(Word address, const PageAccess& access, size_t offset, std::span<const uint8_t> content);

    BuilderResources resources_;
    Word first_slot_;
    Word slots_;
    Word used_slots_ = 0;
    VSpace space_;
    unsigned pages_ = 0;
    unsigned tables_ = 0;
    bool kept_ = false;
};

} // namespace sys
