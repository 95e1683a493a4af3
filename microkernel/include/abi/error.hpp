// SPDX-License-Identifier: BSD-2-Clause
// What the kernel answers: the label of a reply, and the detail words behind it.
#pragma once

#include <abi/types.hpp>

namespace abi {

enum class Error : Word {
    none = 0,
    invalid_argument = 1,   ///< MR0 = number of the argument
    invalid_capability = 2, ///< MR0 = number of the capability (0 = the invoked one)
    illegal_operation = 3,
    range_error = 4, ///< MR0 = least, MR1 = most
    alignment_error = 5,
    failed_lookup = 6, ///< MR0 = 1 if the source failed, then a lookup failure from MR1
    truncated_message = 7,
    delete_first = 8,
    revoke_first = 9,
    not_enough_memory = 10, ///< MR0 = bytes left
    nobody_waits = 11,      ///< ReplyMapRecv only: the reply object is free
};

/// Why a capability pointer led nowhere. Follows an Error::failed_lookup or a capability fault.
enum class LookupFailure : Word {
    none = 0,
    invalid_root = 1,       ///< nothing more
    missing_capability = 2, ///< bits left
    depth_mismatch = 3,     ///< bits left, bits found
    guard_mismatch = 4,     ///< bits left, guard found, guard size
};

/// One English sentence per error, for logs and for people.
constexpr const char* describe(Error error) {
    switch (error) {
    case Error::none: return "no error";
    case Error::invalid_argument: return "an argument is not valid";
    case Error::invalid_capability: return "a capability is missing or of the wrong type";
    case Error::illegal_operation: return "the object does not allow this operation";
    case Error::range_error: return "an argument is out of range";
    case Error::alignment_error: return "an address is not aligned";
    case Error::failed_lookup: return "a capability pointer or a paging structure could not be found";
    case Error::truncated_message: return "the message has too few words or capabilities";
    case Error::delete_first: return "the destination is taken";
    case Error::revoke_first: return "the capability has children or the object is in use";
    case Error::not_enough_memory: return "the untyped memory is too small";
    case Error::nobody_waits: return "nobody waits for this answer any longer";
    }
    return "unknown error";
}

} // namespace abi
