// SPDX-License-Identifier: BSD-2-Clause
// Errors as English sentences.
#include <sys/error.hpp>

namespace sys {

const char* describe(ErrorCode code) {
    const auto number = static_cast<Word>(code);
    if (number < 32)
        return abi::describe(static_cast<abi::Error>(number));
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
