// SPDX-License-Identifier: BSD-2-Clause
// Capability rights as a word: what a copy may still do.
#pragma once

#include <abi/types.hpp>

namespace abi {

/// What a capability's holder may do, most significant field first. Rights only ever shrink; they count for endpoints,
/// notifications, replies (grant) and frames (read, write), other types ignore them.
///   grant_reply (1 bit): to call, the answer going to a reply object
///   grant (1 bit): to send capabilities along, and to call
///   read (1 bit): to receive; of a frame: to map it accessible
///   write (1 bit): to send or signal; of a frame: to map it writable
class Rights {
public:
    explicit constexpr Rights(Word raw = 0) : raw_(raw & 15) {}
    static constexpr Rights none() { return Rights(0); }
    static constexpr Rights write() { return Rights(1); }
    static constexpr Rights read() { return Rights(2); }
    static constexpr Rights grant() { return Rights(4); }
    static constexpr Rights grant_reply() { return Rights(8); }
    static constexpr Rights all() { return Rights(15); }

    constexpr bool can_write() const { return raw_ & 1; }
    constexpr bool can_read() const { return raw_ & 2; }
    constexpr bool can_grant() const { return raw_ & 4; }
    constexpr bool contains(Rights other) const { return (raw_ & other.raw_) == other.raw_; }
    constexpr Word raw() const { return raw_; }

    friend constexpr Rights operator|(Rights a, Rights b) { return Rights(a.raw_ | b.raw_); }
    friend constexpr Rights operator&(Rights a, Rights b) { return Rights(a.raw_ & b.raw_); }
    constexpr bool operator==(const Rights&) const = default;

private:
    Word raw_;
};

} // namespace abi
