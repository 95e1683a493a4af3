// SPDX-License-Identifier: BSD-2-Clause
// Words of the paging extension: the fault message of a keeper table, and the answer that is a mapping.
// docs/reference/paging.md is generated from this file (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

inline constexpr unsigned keeper_bits = 7;
inline constexpr unsigned cookie_bits = 36;
/// In Range.SetKeeper: leave the keeper indices, or the cookies, as they are.
inline constexpr Word unchanged = ~Word{0};
/// Entries that one call on a range reaches at most, and entries that Range.Read shows at most.
inline constexpr unsigned max_range = 512, max_read = 119;
/// Slots that CNode.Inspect shows at most, three words each.
inline constexpr unsigned max_inspect = 39, inspect_words = 3;
/// Items of one ReplyMapRecv.
inline constexpr unsigned max_items = 20;
/// Length in the answer of a ReplyMapRecv that failed, which no message has.
inline constexpr unsigned failed_length = 127;

/// What ring 3 may do with a page, most significant field first.
///   execute (1 bit): fetch instructions from it
///   read (1 bit): reach it at all
///   write (1 bit): write to it
class PageRights {
public:
    explicit constexpr PageRights(Word raw = 0) : raw_(raw & 7) {}
    static constexpr PageRights all() { return PageRights(7); }
    constexpr bool can_write() const { return raw_ & 1; }
    constexpr bool can_read() const { return raw_ & 2; }
    constexpr bool can_execute() const { return raw_ & 4; }
    constexpr bool contains(PageRights other) const { return (raw_ & other.raw_) == other.raw_; }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// Where an item of ReplyMapRecv or Range.Map goes and how, most significant field first; the other bits are 0.
///   address (35 bits): bits 12 to 46 of the address
///   reserved (4 bits): 0
///   copy (1 bit): what is mapped is a copy of the capability, in a slot that a word of its own names
///   memory_type (3 bits): abi::MemoryType
///   replace (1 bit): what is there may be a cookie, or a frame of the same size
///   rights (3 bits): execute, read, write; read is a must, write and execute exclude each other
class Place {
public:
    explicit constexpr Place(Word raw) : raw_(raw) {}
    constexpr Place(Word address, PageRights rights, Word memory_type = 0, bool replace = false, bool copy = false)
        : raw_(address | rights.raw() | Word{replace} << 3 | memory_type << 4 | Word{copy} << 7) {}
    constexpr Word address() const { return raw_ & ~Word{0xfff}; }
    constexpr PageRights rights() const { return PageRights(raw_); }
    constexpr Word memory_type() const { return raw_ >> 4 & 7; }
    constexpr bool replaces() const { return raw_ & 8; }
    constexpr bool copies() const { return raw_ & 0x80; }
    /// Whether the bits that must be 0 are, and there is such a memory type.
    constexpr bool is_valid() const { return (raw_ & 0xffff'8000'0000'0f00) == 0 && memory_type() <= 4; }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// Label of a ReplyMapRecv.
enum class PagerAnswer : Word {
    /// the items are mapped, and the thread goes on
    map = 0,
    /// the fault goes to the supervisor
    deny = 1,
    /// the fault goes to another pager
    forward = 2,
};

/// Why the supervisor (slot 0 of the keeper table) is told of a page fault.
enum class WhySupervisor : Word {
    /// it is not: a keeper is told
    is_not = 0,
    /// no entry on the walk names one
    no_keeper = 1,
    /// nobody can be told through the slot of the keeper
    no_endpoint = 2,
    /// the keeper denied the access
    denied = 3,
};

/// MR2 of a KeeperFault, most significant field first.
///   hands_off (16 bits): of the aligned 16 pages around, the first in the lowest bit: 1 = present, a cookie, or its entry
///     has another keeper index; 0 where there is no page table
///   repeats (16 bits): faults of this thread at this IP and page just before this one; at most 65535
///   denial (8 bits): the code of a keeper that denied the access
///   why (3 bits): why the supervisor is told: 0 it is a keeper that is told, 1 no keeper, 2 no endpoint, 3 denied
///   keeper (7 bits): index of the keeper that is asked; where the supervisor is told, of the one in force, 0 = none
///   keeper_level (3 bits): level of the entry that named it, 4 PML4 to 1 page table; 0 = none
///   level (3 bits): level of the entry where the walk ended
///   error_code (8 bits): of the CPU
class KeeperFaultInfo {
public:
    explicit constexpr KeeperFaultInfo(Word raw) : raw_(raw) {}
    constexpr bool is_write() const { return raw_ & 2; }
    constexpr bool is_fetch() const { return raw_ & 16; }
    constexpr bool was_present() const { return raw_ & 1; }
    constexpr unsigned error_code() const { return raw_ & 255; }
    constexpr unsigned level() const { return raw_ >> 8 & 7; }
    constexpr unsigned keeper_level() const { return raw_ >> 11 & 7; }
    constexpr unsigned keeper() const { return raw_ >> 14 & 127; }
    constexpr WhySupervisor why() const { return static_cast<WhySupervisor>(raw_ >> 21 & 7); }
    constexpr unsigned denial() const { return raw_ >> 24 & 255; }
    constexpr unsigned repeats() const { return raw_ >> 32 & 0xffff; }
    constexpr unsigned hands_off() const { return static_cast<unsigned>(raw_ >> 48); }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// Bits of MR0 of Page.Evict: what the CPU noted.
inline constexpr Word was_accessed = 1, was_dirty = 2;

/// What a slot holds; types above are control capabilities and what is being deleted.
enum class SlotType : Word {
    empty = 0,
    untyped = 1,
    endpoint = 2,
    notification = 3,
    reply = 4,
    cnode = 5,
    tcb = 6,
    sched_context = 7,
    frame = 8,
    page_table = 9,
    page_directory = 10,
    pdpt = 11,
    pml4 = 12,
    asid_pool = 13,
};

/// First word of each slot that CNode.Inspect shows, most significant field first.
///   asid (16 bits): of a frame or paging structure; 0 = none
///   is_mapped (1 bit): a frame whose page still shows it, a paging structure that is hooked in, a PML4 that lives
///   rights (8 bits): of an endpoint, notification, reply or frame (abi::Rights)
///   size_bits (8 bits): log2 of the object's bytes; 0 = it has no memory of its own
///   type (8 bits): abi::SlotType
class InspectedSlot {
public:
    explicit constexpr InspectedSlot(Word raw) : raw_(raw) {}
    constexpr InspectedSlot(SlotType type, unsigned size_bits, Word rights, bool is_mapped, unsigned asid)
        : raw_(static_cast<Word>(type) | Word{size_bits} << 8 | rights << 16 | Word{is_mapped} << 24 |
               Word{asid} << 25) {}
    constexpr SlotType type() const { return static_cast<SlotType>(raw_ & 255); }
    constexpr unsigned size_bits() const { return raw_ >> 8 & 255; }
    constexpr Word rights() const { return raw_ >> 16 & 255; }
    constexpr bool is_mapped() const { return raw_ >> 24 & 1; }
    constexpr unsigned asid() const { return raw_ >> 25 & 0xffff; }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_;
};

/// State in MR0 of TCB.Status.
enum class StatusState : Word {
    /// it does not run
    stopped = 0,
    /// it runs, or would if it had budget
    runnable = 1,
    /// queued on an endpoint with a message, a call or a fault
    sending = 2,
    /// queued on an endpoint for a message
    receiving = 3,
    /// its call or fault was received
    awaiting_reply = 4,
    /// queued on a notification
    waiting = 5,
};

} // namespace abi
