// SPDX-License-Identifier: BSD-2-Clause
// Why a call was refused: the error and its detail words, as they will reach the caller. Two machine words each.
#pragma once

#include <abi/error.hpp>
#include <lib/result.hpp>
#include <mem/address.hpp>

namespace kernel {

/// Where and why the resolution of a capability pointer ended.
class LookupError {
public:
    constexpr LookupError() = default;
    static constexpr LookupError invalid_root() { return {abi::LookupFailure::invalid_root}; }
    static constexpr LookupError missing(Word bits_left) { return {abi::LookupFailure::missing_capability, bits_left}; }
    static constexpr LookupError depth(Word bits_left, Word bits_found) {
        return {abi::LookupFailure::depth_mismatch, bits_left, bits_found};
    }
    static constexpr LookupError guard(Word bits_left, Word guard, Word guard_size) {
        return {abi::LookupFailure::guard_mismatch, bits_left, guard, guard_size};
    }

    constexpr bool is_none() const { return type() == abi::LookupFailure::none; }
    constexpr abi::LookupFailure type() const { return static_cast<abi::LookupFailure>(head_ & 255); }
    /// Writes type and details to `words`, which has room for 4; returns how many.
    constexpr unsigned write_to(Word* words) const {
        words[0] = head_ & 255;
        words[1] = head_ >> 8 & 255;
        words[2] = carried;
        words[3] = head_ >> 16 & 255;
        return static_cast<unsigned>(words[0]); // each type has one detail more than the one before
    }

private:
    friend class SyscallError;
    constexpr LookupError(abi::LookupFailure why, Word bits_left = 0, Word found = 0, Word guard_size = 0)
        : head_(static_cast<Word>(why) | bits_left << 8 | guard_size << 16), carried(found) {}

    Word head_ = 0; ///< type, bits left, guard size: 8 bits each

public:
    Word carried = 0; ///< bits found (depth mismatch) or guard found (guard mismatch)
};

class SyscallError {
public:
    constexpr SyscallError() = default;
    static constexpr SyscallError invalid_argument(Word number) { return {abi::Error::invalid_argument, 1, 0, number}; }
    static constexpr SyscallError invalid_argument(Word number, Word why) {
        return {abi::Error::invalid_argument, 2, number, why};
    }
    static constexpr SyscallError invalid_capability(Word number) {
        return {abi::Error::invalid_capability, 1, 0, number};
    }
    static constexpr SyscallError illegal_operation() { return {abi::Error::illegal_operation}; }
    static constexpr SyscallError range(Word least, Word most) { return {abi::Error::range_error, 2, least, most}; }
    static constexpr SyscallError alignment() { return {abi::Error::alignment_error}; }
    static constexpr SyscallError truncated() { return {abi::Error::truncated_message}; }
    static constexpr SyscallError delete_first() { return {abi::Error::delete_first}; }
    static constexpr SyscallError revoke_first() { return {abi::Error::revoke_first}; }
    static constexpr SyscallError nobody_waits() { return {abi::Error::nobody_waits}; }
    static constexpr SyscallError not_enough_memory(Word bytes_left) {
        return {abi::Error::not_enough_memory, 1, 0, bytes_left};
    }
    static constexpr SyscallError failed_lookup(bool of_source, const LookupError& why) {
        SyscallError error(abi::Error::failed_lookup, 0, of_source, why.carried);
        error.head_ |= why.head_ << 24;
        return error;
    }

    constexpr bool is_none() const { return error() == abi::Error::none; }
    constexpr abi::Error error() const { return static_cast<abi::Error>(head_ & 255); }
    static constexpr unsigned most_words = 5;
    /// Writes the detail words to `words`, which has room for most_words; returns how many.
    constexpr unsigned write_to(Word* words) const {
        words[0] = length() == 1 ? carried : small();
        words[1] = carried;
        if (error() != abi::Error::failed_lookup)
            return static_cast<unsigned>(length());
        LookupError lookup;
        lookup.head_ = head_ >> 24;
        lookup.carried = carried;
        return 1 + lookup.write_to(words + 1);
    }

protected:
    constexpr SyscallError(abi::Error error, Word length = 0, Word small = 0, Word carried = 0)
        : head_(static_cast<Word>(error) | length << 8 | small << 16), carried(carried) {}
    constexpr Word length() const { return head_ >> 8 & 255; }
    constexpr Word small() const { return head_ >> 16 & 255; }

private:
    /// Error, number of detail words, the first of two (argument number, least value, whether the source failed),
    /// a lookup failure: 8 bits each, the last 24.
    Word head_ = 0;

public:
    Word carried = 0; ///< the only detail word, or the second
};

template <class T>
using Answer = Result<T, SyscallError>;
using Checked = Status<SyscallError>;
inline constexpr Nothing ok{};

constexpr Failure<SyscallError> refuse(const SyscallError& error) { return {error}; }

/// RangeError unless `value` is one of `least` to `most`.
constexpr Checked in_range(Word value, Word least, Word most) {
    return least <= value && value <= most ? Checked(ok) : refuse(SyscallError::range(least, most));
}

} // namespace kernel
