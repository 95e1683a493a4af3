// SPDX-License-Identifier: BSD-2-Clause
// One entry of a page table, as Range.Read shows it. SDM Vol. 3A, "Format of a Page-Table Entry that Maps a 4-KByte Page";
// the fields that the CPU does not look at are docs/concepts/paging.md's.
#pragma once

#include <abi/paging.hpp>

namespace sys::pager {

using abi::Word;

/// An entry of a page table, read.
class TableEntry {
public:
    explicit constexpr TableEntry(Word raw = 0) : raw_(raw) {}

    constexpr bool is_present() const { return raw_ & 1; }
    constexpr bool is_writable() const { return raw_ & 2; }
    constexpr bool is_for_user() const { return raw_ & 4; }
    constexpr bool is_executable() const { return raw_ >> 63 == 0; }
    /// An entry of `level` (4 PML4 to 1 page table) that shows a table of the next one.
    constexpr bool is_table(unsigned level) const { return is_present() && level > 1 && (raw_ >> 7 & 1) == 0; }
    constexpr bool was_accessed() const { return raw_ >> 5 & 1; }
    constexpr bool was_dirty() const { return raw_ >> 6 & 1; }
    /// Of the frame; only where one is present.
    constexpr Word physical() const { return raw_ & 0x000f'ffff'ffff'f000; }
    /// 0: none.
    constexpr Word cookie() const { return is_present() ? 0 : raw_ >> 7 & ((Word{1} << abi::cookie_bits) - 1); }
    constexpr unsigned keeper() const { return static_cast<unsigned>(raw_ >> 52 & 127); }

private:
    Word raw_;
};

} // namespace sys::pager
