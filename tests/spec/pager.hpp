// SPDX-License-Identifier: BSD-2-Clause
// What pagers do with entries: in calls on ranges, and in answers to faults.
#pragma once

#include <spec/address_space.hpp>

namespace spec {

/// An entry of a table of this type as the CPU finds it in memory (SDM Vol. 3A, "4-Level Paging"; keeper index in bits 52 to
/// 58; a cookie from bit 7 on, bits 43 to 51 all ones then).
Word in_memory(const TableEntry& entry, Type table);

/// Where a frame or table goes, and how.
struct Place {
    Word raw = 0;
    Word address = 0;
    PageRights rights;
    bool replace = false, copy = false;
    Word memory_type = 0;
    static Place of(Word word);
};

/// InvalidArgument `number`: bits that must be 0, no such memory type, no read right; IllegalOperation: write and execute,
/// or more than `most`. Throws Refusal, as all of these do.
void check_place(const Place& place, PageRights most, Word number);

/// The slot that a pointer of `thread` names. FailedLookup 1.
Slot& source_slot(Thread& thread, Word pointer);

/// ReplyMapRecv of `pager`: answers the keeper fault that waits on r12, then receives.
void reply_map_recv(System& system, Thread& pager);

/// The frame in `source` (with `copy`: a copy, which goes there) is mapped at `entry`, the place of `where`. `number`: what
/// InvalidCapability says.
void map_page(System& system, Slot& source, const Place& place, const Mapping& where, const Location& entry, Slot* copy,
              Word number);

} // namespace spec
