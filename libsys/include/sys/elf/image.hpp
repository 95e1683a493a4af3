// SPDX-License-Identifier: BSD-2-Clause
// A checked ELF program: what to load where. Pure; reads a byte span, trusts nothing in it, and keeps copies of what it
// checked, so that a file that changes afterwards changes nothing here.
#pragma once

#include <abi/object.hpp>
#include <array>
#include <span>
#include <sys/elf/fault.hpp>
#include <sys/elf/format.hpp>
#include <sys/result.hpp>

namespace sys::elf {

/// Addresses from `start` up to, not including, `end`.
struct AddressRange {
    Word start = 0;
    Word end = 0;
    constexpr bool overlaps(const AddressRange& other) const { return start < other.end && other.start < end; }
    constexpr bool contains(Word address) const { return address >= start && address < end; }
};

/// What a program may occupy.
struct Limits {
    std::span<const AddressRange> reserved = {}; ///< stack, IPC buffer: no segment may touch a page of these
    Word max_segment_bytes = Word{1} << 30;
    bool movable = false; ///< a position-independent program (ET_DYN, static-pie) will do, too
};

/// Bytes from `file_offset` go to `address`; what is beyond `file_size` is zero.
struct Segment {
    Word address = 0;
    Word memory_size = 0;
    Word file_offset = 0;
    Word file_size = 0;
    bool writable = false;
    bool executable = false;

    constexpr AddressRange bytes() const { return {address, address + memory_size}; }
    constexpr AddressRange pages() const {
        constexpr Word mask = (Word{1} << abi::page_bits) - 1;
        return {address & ~mask, (address + memory_size + mask) & ~mask};
    }
};

/// The initial contents of thread-local storage.
struct TlsTemplate {
    Word address = 0;
    Word memory_size = 0; ///< 0: the program has none
    Word file_offset = 0;
    Word file_size = 0;
    Word alignment = 1;
};

/// A program that can be loaded: checked once, when it is read.
class Image {
public:
    static constexpr unsigned max_segments = 16;

    /// Checks a whole file. Error: bad_elf, detail 0 = Fault, detail 1 = number of the program header.
    static Result<Image> read(std::span<const uint8_t> file, const Limits& limits = {});

    /// It runs wherever it is put: to all addresses here a base is to be added, a multiple of the page size; then `relocate`.
    bool is_movable() const { return movable_; }
    /// `bytes` of `file` that are to be at `address` (without base) become what they are to be with this base. Whether any changed.
    /// The data that they belong to need not stay writable: nothing in the program relocates itself.
    bool relocate(std::span<const uint8_t> file, Word base, Word address, std::span<uint8_t> bytes) const;
    unsigned relocation_count() const { return relocation_count_; }

    Word entry() const { return entry_; }
    /// In ascending order of addresses; no two share a page.
    std::span<const Segment> segments() const { return {segments_.data(), segment_count_}; }
    const TlsTemplate& tls() const { return tls_; }
    /// Where the program header table lies in the file, for the auxiliary vector.
    Word header_offset() const { return header_offset_; }
    unsigned header_count() const { return header_count_; }
    /// Its address in memory, if a segment loads it; else 0.
    Word header_address() const;
    /// Pages that all segments cover.
    Word page_count() const;

private:
    class Reader;

    std::array<Segment, max_segments> segments_{};
    unsigned segment_count_ = 0;
    Word entry_ = 0;
    Word header_offset_ = 0;
    unsigned header_count_ = 0;
    TlsTemplate tls_;
    bool movable_ = false;
    Word relocation_offset_ = 0; ///< of the table, in the file
    unsigned relocation_count_ = 0;
};

} // namespace sys::elf
