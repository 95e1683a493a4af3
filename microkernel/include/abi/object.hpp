// SPDX-License-Identifier: BSD-2-Clause
// Kernel object types and their sizes, as Untyped.Retype counts them; page attributes.
// docs/reference/objects.md is generated from this file (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

enum class ObjectType : Word {
    /// Untyped: memory that objects are made of, aligned to its size. size_bits: log2 of its bytes, 4 to 47.
    untyped = 0,
    /// TCB: a thread. New: stopped, priority and MCP 0, no scheduling context, all registers 0, fresh FPU state (x87
    /// and SSE).
    tcb = 1,
    /// Endpoint: where messages meet receivers. Capabilities have rights and a badge; to invoke one is to send.
    endpoint = 2,
    /// Notification: a word of signal bits and those who wait for them. Capabilities have rights and a badge; to invoke
    /// one is to signal.
    notification = 3,
    /// CNode: a table of capability slots. Its capability has a guard. size_bits: log2 of its slots, at least 1.
    cnode = 4,
    /// SchedContext: the right to use the processor for a budget in every period. size_bits: log2 of its bytes, at
    /// least 7: room for two refills, and one more for each 16 bytes above 128.
    sched_context = 5,
    /// Reply: links a caller to whoever may answer it. Capabilities have the grant right; to invoke one is to answer.
    reply = 6,
    /// PDPT: paging structure; an entry of a PML4, 512 GiB.
    pdpt = 7,
    /// PML4: an address space. Needs an ASID (ASIDPool.Assign) before anything is mapped; has no methods.
    pml4 = 8,
    /// Frame1G: memory to map, 1 GiB in one entry of a PDPT. Capabilities have the rights read and write.
    frame_1g = 9,
    /// Frame4K: memory to map, 4 KiB in one entry of a page table. Also an IPC buffer.
    frame_4k = 10,
    /// Frame2M: memory to map, 2 MiB in one entry of a page directory.
    frame_2m = 11,
    /// PageTable: paging structure; an entry of a page directory, 2 MiB.
    page_table = 12,
    /// PageDirectory: paging structure; an entry of a PDPT, 1 GiB.
    page_directory = 13,
};

inline constexpr Word object_type_count = 14;

inline constexpr unsigned slot_bits = 5;
inline constexpr unsigned min_untyped_bits = 4;
inline constexpr unsigned max_untyped_bits = 47;
inline constexpr unsigned min_sched_context_bits = 7;
inline constexpr unsigned max_retype_count = 256;
inline constexpr unsigned tcb_bits = 11;
inline constexpr unsigned page_bits = 12;
inline constexpr unsigned large_page_bits = 21;
inline constexpr unsigned huge_page_bits = 30;
inline constexpr unsigned asid_pool_entries = 512;
inline constexpr unsigned asid_pool_count = 8;

/// First address that no user mapping may reach: the last canonical page of the lower half is never mapped.
inline constexpr Word user_end = 0x0000'7fff'ffff'f000;

/// log2 of the bytes that one object of `type` occupies; `size_bits` as given to Retype.
constexpr unsigned object_bits(ObjectType type, unsigned size_bits) {
    switch (type) {
    case ObjectType::untyped: return size_bits;
    case ObjectType::tcb: return tcb_bits;
    case ObjectType::endpoint: return 4;
    case ObjectType::notification: return 6;
    case ObjectType::cnode: return size_bits + slot_bits;
    case ObjectType::sched_context: return size_bits;
    case ObjectType::reply: return 5;
    case ObjectType::frame_1g: return huge_page_bits;
    case ObjectType::frame_2m: return large_page_bits;
    case ObjectType::pdpt:
    case ObjectType::pml4:
    case ObjectType::frame_4k:
    case ObjectType::page_table:
    case ObjectType::page_directory: return page_bits;
    }
    return 0;
}

/// Page attributes (Page.Map): memory type in bits 0-2 (PWT, PCD, PAT; a 1 GiB frame ignores PAT), execute-never in bit
/// 3, our extension.
enum class MemoryType : Word {
    /// WriteBack: ordinary memory.
    write_back = 0,
    /// WriteThrough: cached, writes go to memory at once.
    write_through = 1,
    /// CacheDisabled: not cached, unless the CPU's range registers say write-combining.
    cache_disabled = 2,
    /// Uncacheable: not cached, whatever the range registers say. For device registers.
    uncacheable = 3,
    /// WriteCombining: not cached, writes may be joined. For framebuffers.
    write_combining = 4,
};
inline constexpr Word attribute_execute_never = 8;

} // namespace abi
