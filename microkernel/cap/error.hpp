// SPDX-License-Identifier: BSD-2-Clause
// Why a call was refused: the error and its detail words, as they will reach the caller.
#pragma once

#include <abi/error.hpp>
#include <lib/result.hpp>
#include <mem/address.hpp>

namespace kernel {

/// Where and why the resolution of a capability pointer ended.
struct LookupError {
    uint8_t reason = 0; ///< an abi::LookupFailure
    uint8_t bits_left = 0;
    uint8_t guard_size = 0;
    Word found = 0; ///< bits found (depth mismatch) or guard found (guard mismatch)

    static constexpr LookupError invalid_root() { return make(abi::LookupFailure::invalid_root, 0); }
    static constexpr LookupError missing(Word bits_left) {
        return make(abi::LookupFailure::missing_capability, bits_left);
    }
    static constexpr LookupError depth(Word bits_left, Word bits_found) {
        return make(abi::LookupFailure::depth_mismatch, bits_left, bits_found);
    }
    static constexpr LookupError guard(Word bits_left, Word guard, Word guard_size) {
        return make(abi::LookupFailure::guard_mismatch, bits_left, guard, guard_size);
    }

    constexpr abi::LookupFailure type() const { return static_cast<abi::LookupFailure>(reason); }
    /// Writes type and details to `words`, which has room for 4; returns how many.
    constexpr unsigned write_to(Word* words) const {
        words[0] = reason;
        words[1] = bits_left;
        words[2] = found;
        words[3] = guard_size;
        return reason; // each type has one detail more than the one before
    }

private:
    static constexpr LookupError make(abi::LookupFailure why, Word bits_left, Word found = 0, Word guard_size = 0) {
        return {static_cast<uint8_t>(why), static_cast<uint8_t>(bits_left), static_cast<uint8_t>(guard_size), found};
    }
};

struct SyscallError {
    uint8_t code = 0;   ///< an abi::Error
    uint8_t length = 0; ///< of `detail`
    bool of_source = false;
    LookupError lookup{}; ///< failed_lookup
    Word detail[2]{};

    static constexpr unsigned most_words = 5;

    static constexpr SyscallError invalid_argument(Word number) {
        return make(abi::Error::invalid_argument, 1, number);
    }
    static constexpr SyscallError invalid_argument(Word number, Word why) {
        return make(abi::Error::invalid_argument, 2, number, why);
    }
    static constexpr SyscallError invalid_capability(Word number) {
        return make(abi::Error::invalid_capability, 1, number);
    }
    static constexpr SyscallError illegal_operation() { return make(abi::Error::illegal_operation); }
    static constexpr SyscallError range(Word least, Word most) { return make(abi::Error::range_error, 2, least, most); }
    static constexpr SyscallError alignment() { return make(abi::Error::alignment_error); }
    static constexpr SyscallError truncated() { return make(abi::Error::truncated_message); }
    static constexpr SyscallError delete_first() { return make(abi::Error::delete_first); }
    static constexpr SyscallError revoke_first() { return make(abi::Error::revoke_first); }
    static constexpr SyscallError not_enough_memory(Word bytes_left) {
        return make(abi::Error::not_enough_memory, 1, bytes_left);
    }
    static constexpr SyscallError failed_lookup(bool of_source, const LookupError& why) {
        SyscallError error = make(abi::Error::failed_lookup);
        error.of_source = of_source;
        error.lookup = why;
        return error;
    }

    constexpr abi::Error error() const { return static_cast<abi::Error>(code); }
    /// Writes the detail words to `words`, which has room for most_words; returns how many.
    constexpr unsigned write_to(Word* words) const {
        if (error() == abi::Error::failed_lookup) {
            words[0] = of_source;
            return 1 + lookup.write_to(words + 1);
        }
        words[0] = detail[0];
        words[1] = detail[1];
        return length;
    }

private:
    static constexpr SyscallError make(abi::Error error, uint8_t length = 0, Word first = 0, Word second = 0) {
        return {static_cast<uint8_t>(error), length, false, {}, {first, second}};
    }
};

template <class T>
using Answer = Result<T, SyscallError>;
using Checked = Status<SyscallError>;
inline constexpr Nothing ok{};

constexpr Failure<SyscallError> refuse(const SyscallError& error) { return {error}; }

} // namespace kernel
