// SPDX-License-Identifier: BSD-2-Clause
// Address spaces: the PML4 is the VSpace; PDPT, page directory and page table are mapped into it level by level.
#pragma once

#include <abi/object.hpp>
#include <sys/cap/object.hpp>

namespace sys {

/// A PML4. It has no methods of its own; it needs an address-space number (cap/asid.hpp) before it can be used.
class VSpace : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::pml4;
    using Object::Object;
};

/// One level of page tables: maps itself into the level above at `address`, rounded down to its span.
template <abi::ObjectType object_type, abi::Invocation map_method, abi::Invocation unmap_method>
class PagingStructure : public Object {
public:
    static constexpr abi::ObjectType type = object_type;
    using Object::Object;

    /// FailedLookup: the level above is missing (is_missing_level); DeleteFirst: there is one already.
    Result<void> map(VSpace space, Word address) const {
        return invoke(*this, map_method, with_caps(space), address, Word{0});
    }
    /// With all that is mapped below it.
    Result<void> unmap() const { return invoke(*this, unmap_method, with_caps()); }
};

/// Spans 512 GiB.
using Pdpt = PagingStructure<abi::ObjectType::pdpt, abi::Invocation::pdpt_map, abi::Invocation::pdpt_unmap>;
/// Spans 1 GiB.
using PageDirectory = PagingStructure<abi::ObjectType::page_directory, abi::Invocation::page_directory_map,
                                      abi::Invocation::page_directory_unmap>;
/// Spans 2 MiB.
using PageTable =
    PagingStructure<abi::ObjectType::page_table, abi::Invocation::page_table_map, abi::Invocation::page_table_unmap>;

/// A map that failed for want of the level above says which: bits left, the last detail but one of FailedLookup.
enum class MissingLevel : Word { page_table = 21, page_directory = 30, pdpt = 39 };

/// Whether a map failed for want of a level above.
constexpr bool is_missing_level(const Error& error) {
    return error == abi::Error::failed_lookup &&
           error.detail(1) == static_cast<Word>(abi::LookupFailure::missing_capability);
}
/// Which one; of such an error only.
constexpr MissingLevel missing_level(const Error& error) { return static_cast<MissingLevel>(error.detail(2)); }
/// What to make for that level.
constexpr abi::ObjectType object_for(MissingLevel level) {
    switch (level) {
    case MissingLevel::page_table: return abi::ObjectType::page_table;
    case MissingLevel::page_directory: return abi::ObjectType::page_directory;
    case MissingLevel::pdpt: return abi::ObjectType::pdpt;
    }
    return abi::ObjectType::pdpt;
}
/// Maps the structure that `level` names.
inline Result<void> map_level(MissingLevel level, Object structure, VSpace space, Word address) {
    switch (level) {
    case MissingLevel::page_table: return PageTable(structure.pointer()).map(space, address);
    case MissingLevel::page_directory: return PageDirectory(structure.pointer()).map(space, address);
    case MissingLevel::pdpt: return Pdpt(structure.pointer()).map(space, address);
    }
    return ErrorCode::invalid_value;
}

} // namespace sys
