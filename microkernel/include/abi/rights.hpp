// SPDX-License-Identifier: BSD-2-Clause
// Capability rights as a word: what a copy may still do.
#pragma once

#include <abi/types.hpp>

namespace abi {

/// bit 0 write, bit 1 read, bit 2 grant, bit 3 grant-reply. Rights only ever shrink.
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
    constexpr bool can_grant_reply() const { return raw_ & 8; }
    constexpr bool contains(Rights other) const { return (raw_ & other.raw_) == other.raw_; }
    constexpr Word raw() const { return raw_; }

    friend constexpr Rights operator|(Rights a, Rights b) { return Rights(a.raw_ | b.raw_); }
    friend constexpr Rights operator&(Rights a, Rights b) { return Rights(a.raw_ & b.raw_); }
    constexpr bool operator==(const Rights&) const = default;

private:
    Word raw_;
};

} // namespace abi
