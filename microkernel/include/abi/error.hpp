// SPDX-License-Identifier: BSD-2-Clause
// What the kernel answers when it refuses: the label of the answer, and the detail words behind it.
// docs/reference/errors.md is generated from this file (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

enum class Error : Word {
    /// None: the method was carried out.
    none = 0,
    /// InvalidArgument: a message word has a value that the method does not take.
    /// words: argument: its number, from 0; reason: what is wrong with it, only from TCB.Spawn
    invalid_argument = 1,
    /// InvalidCapability: a capability is missing, of a type that the method does not take, or has too few rights.
    /// words: capability: its number, 0 the invoked one, 1 the first extra capability (TCB.Spawn: its message word)
    invalid_capability = 2,
    /// IllegalOperation: the object does not do this, or not now.
    /// words: nothing
    illegal_operation = 3,
    /// RangeError: a message word is out of range.
    /// words: least: the least value that is taken; most: the greatest
    range_error = 4,
    /// AlignmentError: an address is not aligned to what the method needs.
    /// words: nothing
    alignment_error = 5,
    /// FailedLookup: an index leads to no slot, or a paging structure is missing on the way to an address.
    /// words: is_source: 1 if the source of a CNode method failed; lookup_failure: an abi::LookupFailure, followed by
    ///   its words
    failed_lookup = 6,
    /// TruncatedMessage: the message has fewer words or capabilities than the method takes.
    /// words: nothing
    truncated_message = 7,
    /// DeleteFirst: the place that is to be filled is taken.
    /// words: nothing
    delete_first = 8,
    /// RevokeFirst: the capability has children or copies, or what it names is in use.
    /// words: nothing
    revoke_first = 9,
    /// NotEnoughMemory: the untyped has no room for the objects.
    /// words: bytes_left: what is free in it, before alignment
    not_enough_memory = 10,
    /// NobodyWaits: the thread whose fault was to be answered waits no longer; the reply object is free.
    /// words: nothing
    nobody_waits = 11,
};

/// Why a capability pointer led nowhere: in a FailedLookup, a CapFault.
enum class LookupFailure : Word {
    /// None: it led somewhere.
    none = 0,
    /// InvalidRoot: the root is no CNode; of an address space: its ASID is not that of this space any longer.
    /// words: nothing
    invalid_root = 1,
    /// MissingCapability: the slot holds nothing that could be used; of an address: a paging structure is missing.
    /// words: bits_left: bits that were not resolved (39: no PDPT, 30: no page directory, 21: no page table)
    missing_capability = 2,
    /// DepthMismatch: the pointer is too short for a CNode on its way, or bits of it are left over.
    /// words: bits_left: bits that were not resolved; bits_found: what the CNode resolves (guard and index) where the
    ///   pointer is too short for it, 0 where bits are left over
    depth_mismatch = 3,
    /// GuardMismatch: a CNode's guard is another than the pointer's bits, or longer than what is left of it. Guards are
    ///   compared before lengths.
    /// words: bits_left: bits that were not resolved; guard_found: the CNode's guard; guard_size: its bits
    guard_mismatch = 4,
};

} // namespace abi
