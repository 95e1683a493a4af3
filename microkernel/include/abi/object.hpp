// SPDX-License-Identifier: BSD-2-Clause
// Kernel object types and their sizes, as Untyped.Retype counts them.
#pragma once

#include <abi/types.hpp>

namespace abi {

enum class ObjectType : Word {
    untyped = 0,
    tcb = 1,
    endpoint = 2,
    notification = 3,
    cnode = 4,
    sched_context = 5,
    reply = 6,
    pdpt = 7,
    pml4 = 8,
    frame_1g = 9,
    frame_4k = 10,
    frame_2m = 11,
    page_table = 12,
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

/// Page attributes (Page.Map): memory type in bits 0-2, execute-never in bit 3 (our extension).
enum class MemoryType : Word {
    write_back = 0,
    write_through = 1,
    cache_disabled = 2,
    uncacheable = 3,
    write_combining = 4,
};
inline constexpr Word attribute_execute_never = 8;

} // namespace abi
