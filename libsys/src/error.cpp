// SPDX-License-Identifier: BSD-2-Clause
// Errors as English sentences.
#include <sys/error.hpp>

namespace sys {
namespace {

const char* describe_kernel_error(abi::Error error) {
    switch (error) {
    case abi::Error::none: return "no error";
    case abi::Error::invalid_argument: return "an argument is not valid";
    case abi::Error::invalid_capability: return "a capability is missing or of the wrong type";
    case abi::Error::illegal_operation: return "the object does not allow this operation";
    case abi::Error::range_error: return "an argument is out of range";
    case abi::Error::alignment_error: return "an address is not aligned";
    case abi::Error::failed_lookup: return "a capability pointer or a paging structure could not be found";
    case abi::Error::truncated_message: return "the message has too few words or capabilities";
    case abi::Error::delete_first: return "the destination is taken";
    case abi::Error::revoke_first: return "the capability has children or the object is in use";
    case abi::Error::not_enough_memory: return "the untyped memory is too small";
    case abi::Error::nobody_waits: return "nobody waits for this answer any longer";
    }
    return "unknown error";
}

} // namespace

const char* describe(ErrorCode code) {
    const auto number = static_cast<Word>(code);
    if (number < 32)
        return describe_kernel_error(static_cast<abi::Error>(number));
    switch (code) {
    case ErrorCode::none: return "no error";
    case ErrorCode::out_of_slots: return "no capability slot is free";
    case ErrorCode::out_of_memory: return "out of memory";
    case ErrorCode::out_of_range: return "an index or size is out of range";
    case ErrorCode::too_long: return "too long";
    case ErrorCode::bad_message: return "the message is malformed";
    case ErrorCode::unknown_request: return "the server does not know this request";
    case ErrorCode::not_found: return "not found";
    case ErrorCode::already_exists: return "it exists already";
    case ErrorCode::not_permitted: return "not permitted";
    case ErrorCode::bad_elf: return "the program file is not valid";
    case ErrorCode::bad_archive: return "the archive is not valid";
    case ErrorCode::busy: return "busy, try again later";
    case ErrorCode::not_supported: return "not supported";
    case ErrorCode::invalid_value: return "an argument makes no sense";
    }
    return number >= first_protocol_error ? "an error of the server's protocol" : "unknown error";
}

} // namespace sys
