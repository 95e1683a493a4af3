// SPDX-License-Identifier: BSD-2-Clause
// One entry of a PML4, PDPT, PD or PT (SDM Vol. 3A, "Hierarchical Paging Structures: an Overview").
//
//   63  62 59 58    52 51                12 11 9  8  7  6 5  4   3  2 1 0
//   XD | 0  | keeper |  physical address   | 0  | G PS D A PCD PWT U W P
//
// PS is the PAT bit in a PT entry; pages of 2 MiB and 1 GiB have their PAT bit at 12. The keeper index (user half only)
// says who pages the region. An entry that is not present may hold a pager's cookie: bits 7-42, and 43-51 all ones.
#pragma once

#include <abi/object.hpp>
#include <abi/paging.hpp>
#include <lib/bits.hpp>
#include <mem/address.hpp>

namespace kernel {

/// A level of the table tree; the number is that of the fault message.
enum class Level : uint8_t { pt = 1, pd = 2, pdpt = 3, pml4 = 4 };

inline constexpr unsigned table_entries = 512;

/// log2 of the bytes that one entry of a table of this level covers.
constexpr unsigned span_bits(Level level) { return 12 + 9 * (static_cast<unsigned>(level) - 1); }
constexpr unsigned table_index(VirtAddr address, Level level) {
    return static_cast<unsigned>(address.raw() >> span_bits(level) & (table_entries - 1));
}
constexpr Level level_below(Level level) { return static_cast<Level>(static_cast<unsigned>(level) - 1); }
constexpr Level level_above(Level level) { return static_cast<Level>(static_cast<unsigned>(level) + 1); }

/// What ring 3 may do with a page. `user` off: present, but for the kernel only.
struct Permissions {
    bool user = false;
    bool write = false;
    bool execute = false;
};

class Entry {
public:
    constexpr Entry() = default;
    explicit constexpr Entry(Word raw) : raw_(raw) {}

    /// Not present. With a cookie the address bits above it are all ones, so that the entry names no memory that a CPU
    /// could have cached (L1 terminal fault).
    static constexpr Entry absent(unsigned keeper, Word cookie = 0) {
        return Entry(Word{keeper} << keeper_shift | (cookie ? cookie << cookie_shift | above_cookie : 0));
    }
    /// A reference to the next table. Rights are decided at the leaves.
    static constexpr Entry table(PhysAddr table, unsigned keeper) {
        return Entry(table.raw() | present | writable | user | Word{keeper} << keeper_shift);
    }
    /// A page of a table of `level` (pt: 4 KiB, pd: 2 MiB, pdpt: 1 GiB). `type` as in Page.Map, bits PWT, PCD, PAT.
    /// `no_execute_available`: the CPU has execute-disable, else the bit is reserved.
    static constexpr Entry page(PhysAddr frame, Level level, Permissions rights, Word type, bool no_execute_available) {
        Word raw = frame.raw() | present | (rights.write ? writable : 0) | (rights.user ? user : 0);
        raw |= (type & 3) << 3;
        if (level == Level::pt)
            raw |= (type & 4) ? page_size : 0;
        else
            raw |= page_size | ((type & 4) && level == Level::pd ? large_pat : 0);
        return Entry(raw | (rights.execute || !no_execute_available ? 0 : execute_disable));
    }
    constexpr Entry with_keeper(unsigned keeper) const {
        return Entry((raw_ & ~keeper_mask) | Word{keeper} << keeper_shift);
    }
    /// A page with no more rights than `rights`.
    constexpr Entry restricted_to(abi::PageRights rights, bool no_execute_available) const {
        return Entry((raw_ & ~((rights.can_write() ? 0 : writable) | (rights.can_read() ? 0 : user))) |
                     (rights.can_execute() || !no_execute_available ? 0 : execute_disable));
    }
    /// The CPU has noted no access, no write.
    constexpr Entry forgetting(bool accessed_bit, bool dirty_bit) const {
        return Entry(raw_ & ~((accessed_bit ? accessed : 0) | (dirty_bit ? dirty : 0)));
    }

    constexpr bool is_present() const { return raw_ & present; }
    /// Neither present nor with a cookie.
    constexpr bool is_empty() const { return (raw_ & ~keeper_mask) == 0; }
    constexpr Word cookie() const { return is_present() ? 0 : raw_ >> cookie_shift & ones(abi::cookie_bits); }
    /// Whether this entry of a page lets ring 3 do what the page-fault error code says it tried.
    constexpr bool permits(Word error_code) const {
        return is_user() && (is_writable() || !(error_code & 2)) && (is_executable() || !(error_code & 16));
    }
    /// Refers to a table; not for entries of a PT, where the same bit means something else.
    constexpr bool leads_on() const { return (raw_ & (present | page_size)) == present; }
    constexpr bool is_table(Level level) const { return is_present() && !is_page(level); }
    constexpr bool is_page(Level level) const { return is_present() && (level == Level::pt || (raw_ & page_size)); }
    constexpr bool is_writable() const { return raw_ & writable; }
    constexpr bool is_user() const { return raw_ & user; }
    constexpr bool is_executable() const { return !(raw_ & execute_disable); }
    constexpr bool is_accessed() const { return raw_ & accessed; }
    constexpr bool is_dirty() const { return raw_ & dirty; }
    constexpr unsigned keeper() const { return static_cast<unsigned>((raw_ & keeper_mask) >> keeper_shift); }
    constexpr PhysAddr table_address() const { return PhysAddr(raw_ & address_mask); }
    constexpr PhysAddr page_address(Level level) const {
        return PhysAddr(align_down(raw_ & address_mask, bit(span_bits(level))));
    }
    constexpr Word raw() const { return raw_; }
    constexpr bool operator==(const Entry&) const = default;

private:
    static constexpr Word present = 1u << 0;
    static constexpr Word writable = 1u << 1;
    static constexpr Word user = 1u << 2;
    static constexpr Word accessed = 1u << 5;
    static constexpr Word dirty = 1u << 6;
    static constexpr Word page_size = 1u << 7;
    static constexpr Word large_pat = 1u << 12;
    static constexpr Word execute_disable = Word{1} << 63;
    static constexpr Word address_mask = ones(52) & ~ones(12);
    static constexpr unsigned keeper_shift = 52;
    static constexpr Word keeper_mask = Word{127} << keeper_shift;
    static constexpr unsigned cookie_shift = 7;
    static constexpr Word above_cookie = ones(52) & ~ones(cookie_shift + abi::cookie_bits);

    Word raw_ = 0;
};

struct alignas(4096) Table {
    Entry entries[table_entries];
};

static_assert(sizeof(Entry) == 8 && sizeof(Table) == 4096);
static_assert(Entry::page(PhysAddr(0x1000), Level::pt, {true, true, false}, 0, true).raw() == 0x8000'0000'0000'1007);
static_assert(Entry::page(PhysAddr(0x1000), Level::pt, {true, false, true}, 4, true).raw() == 0x1085);
static_assert(Entry::page(PhysAddr(0x20'0000), Level::pd, {true, false, true}, 4, true).raw() == 0x20'1085);
static_assert(Entry::page(PhysAddr(0x20'0000), Level::pd, {true, false, true}, 4, true).page_address(Level::pd) ==
              PhysAddr(0x20'0000));
static_assert(Entry::absent(5, 1).raw() == 0x005f'f800'0000'0080 && Entry::absent(5, 1).cookie() == 1);
static_assert(Entry::table(PhysAddr(0x5000), 3).keeper() == 3 && Entry::table(PhysAddr(0x5000), 3).is_table(Level::pd));

} // namespace kernel
