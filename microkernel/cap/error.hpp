// SPDX-License-Identifier: BSD-2-Clause
// Why a call was refused: the error and its detail words, as they will reach the caller.
#pragma once

#include <abi/error.hpp>
#include <lib/result.hpp>
#include <mem/address.hpp>

#include <array>

namespace kernel {

/// Where and why the resolution of a capability pointer ended.
struct LookupError {
    abi::LookupFailure reason = abi::LookupFailure::none;
    uint8_t bits_left = 0;
    uint8_t guard_size = 0;
    Word found = 0; ///< bits found (depth mismatch) or guard found (guard mismatch)

    static constexpr LookupError invalid_root() { return {abi::LookupFailure::invalid_root}; }
    static constexpr LookupError missing(unsigned bits_left) {
        return {abi::LookupFailure::missing_capability, static_cast<uint8_t>(bits_left)};
    }
    static constexpr LookupError depth(unsigned bits_left, unsigned bits_found) {
        return {abi::LookupFailure::depth_mismatch, static_cast<uint8_t>(bits_left), 0, bits_found};
    }
    static constexpr LookupError guard(unsigned bits_left, Word guard, unsigned guard_size) {
        return {abi::LookupFailure::guard_mismatch, static_cast<uint8_t>(bits_left), static_cast<uint8_t>(guard_size),
                guard};
    }

    /// Appends type and details to `words`; returns how many.
    constexpr unsigned write_to(Word* words) const {
        words[0] = static_cast<Word>(reason);
        words[1] = bits_left;
        words[2] = found;
        words[3] = guard_size;
        switch (reason) {
        case abi::LookupFailure::none: return 0;
        case abi::LookupFailure::invalid_root: return 1;
        case abi::LookupFailure::missing_capability: return 2;
        case abi::LookupFailure::depth_mismatch: return 3;
        case abi::LookupFailure::guard_mismatch: return 4;
        }
        return 0;
    }
};

struct SyscallError {
    abi::Error code = abi::Error::none;
    uint8_t length = 0;
    std::array<Word, 5> detail{};

    static constexpr SyscallError simple(abi::Error code) { return {code}; }
    static constexpr SyscallError invalid_argument(Word number) { return {abi::Error::invalid_argument, 1, {number}}; }
    static constexpr SyscallError invalid_capability(Word number) {
        return {abi::Error::invalid_capability, 1, {number}};
    }
    static constexpr SyscallError illegal_operation() { return {abi::Error::illegal_operation}; }
    static constexpr SyscallError range(Word least, Word most) { return {abi::Error::range_error, 2, {least, most}}; }
    static constexpr SyscallError alignment() { return {abi::Error::alignment_error}; }
    static constexpr SyscallError truncated() { return {abi::Error::truncated_message}; }
    static constexpr SyscallError delete_first() { return {abi::Error::delete_first}; }
    static constexpr SyscallError revoke_first() { return {abi::Error::revoke_first}; }
    static constexpr SyscallError not_enough_memory(Word bytes_left) {
        return {abi::Error::not_enough_memory, 1, {bytes_left}};
    }
    static constexpr SyscallError failed_lookup(bool of_source, const LookupError& why) {
        SyscallError error{abi::Error::failed_lookup, 0, {Word{of_source}}};
        error.length = static_cast<uint8_t>(1 + why.write_to(&error.detail[1]));
        return error;
    }
};

template <class T>
using Answer = Result<T, SyscallError>;
using Checked = Status<SyscallError>;
inline constexpr Nothing ok{};

constexpr Failure<SyscallError> refuse(SyscallError error) { return {error}; }

} // namespace kernel
