// SPDX-License-Identifier: BSD-2-Clause
// The pages of a client that a pager keeps: where they are, in which slots its copies of frames are, and what it can do to many
// of them at once. Calls on ranges go on where the kernel stopped early, and pass over what has no table.
#pragma once

#include <algorithm>
#include <optional>
#include <sys/cap/frame.hpp>
#include <sys/cap/range.hpp>
#include <sys/pager/fault.hpp>
#include <sys/pager/table_entry.hpp>

namespace sys::pager {

/// Pages that a pager keeps.
struct Region {
    Word start = 0; ///< of the first page
    Word pages = 0;
    Word first_slot = 0; ///< page i is mapped by the capability in slot first_slot + i of the pager's CSpace
    PageTables tables{}; ///< any mapped paging structure that spans the region; null: answers only
    PageRights rights{3}; ///< what threads may do in it; read and write

    std::optional<Word> page_of(Word address) const {
        if (address < start || (address - start) / page_size >= pages)
            return std::nullopt;
        return (address - start) / page_size;
    }
    /// out_of_range if not all of these pages are in the region.
    Result<void> check(Word first, Word count) const {
        if (first > pages || count > pages - first)
            return Error(ErrorCode::out_of_range, pages);
        return {};
    }
    /// Why the access is not permitted, if it is not.
    std::optional<Denial> denial(const Fault& fault) const {
        if (!page_of(fault.address))
            return Denial::outside;
        if (fault.access() == Access::write && !rights.can_write())
            return Denial::not_writable;
        if (fault.access() == Access::execute && !rights.can_execute())
            return Denial::not_executable;
        return std::nullopt;
    }
    Word address_of(Word page) const { return start + page * page_size; }
    /// The capability that the page is mapped by.
    Frame mapped(Word page) const { return Frame(first_slot + page); }
    /// Maps a copy of the frame as this page. What is there, a cookie or a page, gives way: who keeps the region knows what that
    /// was. For a neighbour that nobody asked for: `only_if_empty`.
    MapItem item(Word page, Frame frame, PageRights allowed, bool only_if_empty = false) const {
        return {frame, Place(address_of(page), allowed, 0, !only_if_empty, true), mapped(page)};
    }
    MapItem item(Word page, Frame frame) const { return item(page, frame, rights); }

    Result<void> set_keeper(Word first, Word count, Word keeper) const {
        return each_table(first, count, Missing::is_error,
                          [&](const EntryRange& range) { return tables.set_keeper(range, keeper); });
    }
    /// Takes rights away from what is mapped.
    Result<void> protect(Word first, Word count, PageRights kept) const {
        return each_table(first, count, Missing::is_empty,
                          [&](const EntryRange& range) { return tables.protect(range, kept); });
    }
    /// Unmaps pages, which leave cookies: page i gets the cookie + (i - first) * step. `visit(page, dirty)` for each.
    template <class Visit>
    Result<void> unmap(Word first, Word count, Word cookie, Word step, Visit&& visit) const {
        return each_table(first, count, Missing::is_empty, [&](const EntryRange& range) -> Result<Word> {
            const Word page = *page_of(range.address);
            const auto unmapped = TRY(tables.unmap(range, cookie + (page - first) * step, step));
            for (unsigned i = 0; i < unmapped.done; ++i)
                visit(page + i, unmapped.dirty[i]);
            return unmapped.done;
        });
    }
    Result<void> unmap(Word first, Word count, Word cookie = 0, Word step = 0) const {
        return unmap(first, count, cookie, step, [](Word, bool) {});
    }
    /// Neither pages nor cookies are left.
    Result<void> forget(Word first, Word count) const {
        TRY(unmap(first, count));
        return each_table(first, count, Missing::is_empty,
                          [&](const EntryRange& range) { return tables.set_keeper(range, abi::unchanged, 0); });
    }
    /// `visit(page, accessed, dirty)` for each page, with what is then forgotten: abi::was_accessed, abi::was_dirty, both.
    template <class Visit>
    Result<void> harvest(Word first, Word count, Word forget, Visit&& visit) const {
        return each_table(first, count, Missing::is_empty, [&](const EntryRange& range) -> Result<Word> {
            const Word page = *page_of(range.address);
            const auto noted = TRY(tables.harvest(range, forget));
            for (unsigned i = 0; i < noted.done; ++i)
                visit(page + i, noted.accessed[i], noted.dirty[i]);
            return noted.done;
        });
    }
    /// `visit(page, TableEntry)` for each page that has a table: how a pager that starts anew learns where everything is.
    template <class Visit>
    Result<void> survey(Visit&& visit, Word first = 0, Word count = ~Word{0}) const {
        return each_table(first, std::min(count, pages - first), Missing::is_empty,
                          [&](EntryRange range) -> Result<Word> {
                              range.count = std::min<Word>(range.count, abi::max_read);
                              const auto shown = TRY(tables.read(range));
                              for (unsigned i = 0; i < shown.count; ++i)
                                  visit(*page_of(range.address) + i, TableEntry(shown.entries[i]));
                              return Word{shown.count};
                          });
    }

private:
    /// What it means that a paging structure is missing.
    enum class Missing : bool { is_error, is_empty };

    /// `step` for ranges of what is left, until nothing is; it says how many entries are done.
    template <class Step>
    Result<void> each_table(Word first, Word count, Missing missing, Step&& step) const {
        TRY(check(first, count));
        for (Word done = 0; done < count;) {
            const EntryRange rest{address_of(first + done), std::min<Word>(count - done, abi::max_range)};
            const Result<Word> stepped = step(rest);
            if (stepped) {
                done += *stepped;
            } else {
                if (missing == Missing::is_error || !is_missing_level(stepped.error()))
                    return stepped.error();
                const Word span = Word{1} << static_cast<unsigned>(missing_level(stepped.error()));
                done += (span - (rest.address & (span - 1))) / page_size;
            }
        }
        return {};
    }
};

} // namespace sys::pager
