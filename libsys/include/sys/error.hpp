// SPDX-License-Identifier: BSD-2-Clause
// Why something failed: one number space for the kernel's errors, the library's own, and those of protocols.
// An error travels between programs as the label of a reply with its details in MR0-MR3, just as the kernel sends its
// own.
#pragma once

#include <abi/error.hpp>
#include <abi/types.hpp>
#include <type_traits>

namespace sys {

using abi::Word;

/// 1..31 are the kernel's (abi::Error); 32..255 these; protocols have their own from 256 on (enums of their headers).
enum class ErrorCode : Word {
    none = 0,
    out_of_slots = 32,    ///< the CNode is full
    out_of_memory = 33,   ///< no untyped, no page, no heap; detail 0 = bytes wanted
    out_of_range = 34,    ///< an index or size above what this object holds
    too_long = 35,        ///< does not fit in a message, buffer or container; detail 0 = limit
    bad_message = 36,     ///< a request or reply shorter than its type, or otherwise malformed
    unknown_request = 37, ///< the server does not know this label; detail 0 = label
    not_found = 38,
    already_exists = 39,
    not_permitted = 40, ///< the badge may not ask for this
    bad_elf = 41,       ///< detail 0 = elf::Fault, detail 1 = program header
    bad_archive = 42,   ///< detail 0 = archive::Fault
    busy = 43,          ///< try again later
    not_supported = 44,
    invalid_value = 45, ///< an argument makes no sense; detail 0 = which
};

/// First number for the error enum of a protocol; protocols take consecutive blocks of 256.
inline constexpr Word first_protocol_error = 256;

/// One English sentence.
const char* describe(ErrorCode code);

/// An error number with up to four details.
class Error {
public:
    constexpr Error() = default;
    /// From an enumerator of the kernel's errors, libsys' or a protocol's.
    template <class Code>
        requires std::is_enum_v<Code>
    constexpr Error(Code code, Word detail0 = 0, Word detail1 = 0, Word detail2 = 0, Word detail3 = 0)
        : code_(static_cast<ErrorCode>(code)), details_{detail0, detail1, detail2, detail3} {}

    /// The number as one of libsys'; of a kernel's or a protocol's error, compare with their enums instead.
    constexpr ErrorCode code() const { return code_; }
    /// 0 to 3; what it means is said where the error is.
    constexpr Word detail(unsigned index) const { return details_[index & 3]; }
    /// The number as it travels: the label of a reply.
    constexpr Word label() const { return static_cast<Word>(code_); }

    /// Whether it is that error, whatever its details.
    template <class Code>
        requires std::is_enum_v<Code>
    constexpr bool operator==(Code code) const {
        return code_ == static_cast<ErrorCode>(code);
    }
    /// Whether the kernel said it.
    constexpr bool is_kernel() const { return label() > 0 && label() < 32; }

    /// One English sentence; for a protocol's own code, a general one.
    const char* describe() const { return sys::describe(code_); }

private:
    ErrorCode code_ = ErrorCode::none;
    Word details_[4] = {};
};

} // namespace sys
