// SPDX-License-Identifier: BSD-2-Clause
// How init sets up the pager: the layout of its CSpace, and what it finds in memory at its start.
//
// A capability pointer of the pager, most significant bits first:
//     guard (0) | root index: root_bits | leaf index: 10 | copy index: 7
// Root slot 0 holds a CNode with the slots of sys::slot and those below; slot 1 the lent frames; from `first_chunk` on one
// untyped of 2 MiB per chunk, from `first_chunk + chunk_count` on the CNode that the pager makes for each chunk, and from
// `first_chunk + 2 * chunk_count` on the untypeds of 1 GiB.
//
// Each of these stands for the 512 chunks that the pager may make of it. They have the last numbers, from a multiple of 512
// on; numbers that are left out before them are of no chunk.
#pragma once

#include <sys/proc/slots.hpp>

namespace sys::protocol::pager_startup {

using abi::Word;

inline constexpr unsigned copy_bits = 7;
inline constexpr unsigned leaf_bits = 10;
inline constexpr Word lent_root = 1;
inline constexpr Word first_chunk = 2;

/// The pager's own slots besides those of sys::slot (slot::cnode is its root CNode, without guard).
inline constexpr Word vspace_slot = 16;
inline constexpr Word asid_pool_slot = 17;
inline constexpr Word receive_slot = 18; ///< empty: for capabilities that arrive
inline constexpr Word object_slot = 19; ///< empty: for capabilities that are given away
inline constexpr Word swap_slot = 20; ///< empty: for the endpoint of the swap server
inline constexpr Word first_watcher_slot = 64; ///< 64 empty ones: for notifications of clients

inline constexpr unsigned chunk_bits = 21;
inline constexpr unsigned max_chunks = 4096;
inline constexpr unsigned giant_bits = 30;
inline constexpr Word giant_chunks = Word{1} << (giant_bits - chunk_bits);

/// Addresses in the pager's own space.
inline constexpr Word block_address = 0x2000'0000; ///< of the StartupBlock, read-only
inline constexpr Word archive_address = 0x4000'0000; ///< of the boot archive, read-only
inline constexpr Word window_address =
    0x20'0000'0000; ///< where it makes tables as it needs them: scratch page and records

enum class LentKind : Word { archive = 1, device = 2 };

/// Frames in neighbouring slots of the lent CNode, neighbours in physical memory too.
struct LentRange {
    Word first_slot = 0;
    Word pages = 0;
    Word physical = 0;
    LentKind kind = LentKind::archive;
};
inline constexpr unsigned max_lent_ranges = 32;

/// What init tells the pager at its start; it may lend further ranges later, behind those that there are.
struct StartupBlock {
    Word instances = 0; ///< how often a pager has been started; init counts
    Word root_bits = 0;
    Word chunk_count = 0; ///< numbers, those of no chunk included
    Word giant_count = 0; ///< untypeds of 1 GiB
    Word archive_size = 0; ///< bytes
    Word lent_count = 0;
    LentRange lent[max_lent_ranges] = {};
    Word chunk_physical[max_chunks] = {}; ///< 0: no chunk
};

} // namespace sys::protocol::pager_startup
