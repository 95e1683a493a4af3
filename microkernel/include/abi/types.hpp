// SPDX-License-Identifier: BSD-2-Clause
// The words that cross the kernel boundary: capability pointers, badges, message information, guards.
#pragma once

#include <stdint.h>

namespace abi {

/// One machine word: a message register, a badge, a capability pointer as the CPU carries it.
using Word = uint64_t;

inline constexpr unsigned word_bits = 64;

/// Names a capability in the caller's CSpace; resolved guard by guard from the most significant bit.
struct CapPtr {
    Word value = 0;
    constexpr bool operator==(const CapPtr&) const = default;
};

/// Carried by an endpoint or notification capability and shown to the receiver. 0 = unbadged.
struct Badge {
    Word value = 0;
    constexpr bool operator==(const Badge&) const = default;
};

inline constexpr unsigned max_message_words = 120;
inline constexpr unsigned max_extra_caps = 3;
inline constexpr unsigned register_message_words = 4;

/// The word that describes a message (RSI), most significant field first.
///   label (52 bits): what the message is about; of a method its number, of an answer the error
///   caps_unwrapped (3 bits): received; bit i: extra capability i was the endpoint's own and arrived as its badge
///   extra_caps (2 bits): capabilities that are sent, or that arrived; at most 3, of which one is installed
///   length (7 bits): words; more than 120 count as 120
class MessageInfo {
public:
    constexpr MessageInfo() = default;
    explicit constexpr MessageInfo(Word raw) : raw_(raw) {}
    constexpr MessageInfo(Word label, unsigned length, unsigned extra_caps = 0, unsigned caps_unwrapped = 0)
        : raw_(label << 12 | Word{caps_unwrapped & 7} << 9 | Word{extra_caps & 3} << 7 | (length & 127)) {}

    constexpr Word label() const { return raw_ >> 12; }
    /// Words in the message; more than 120 count as 120.
    constexpr unsigned length() const {
        const auto words = static_cast<unsigned>(raw_ & 127);
        return words > max_message_words ? max_message_words : words;
    }
    constexpr unsigned extra_caps() const { return static_cast<unsigned>(raw_ >> 7 & 3); }
    constexpr unsigned caps_unwrapped() const { return static_cast<unsigned>(raw_ >> 9 & 7); }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_ = 0;
};

/// The data word of a CNode capability, most significant field first.
///   guard (58 bits): what a pointer must begin with
///   guard_size (6 bits): how many bits of it count; 0 = no guard
class CNodeData {
public:
    explicit constexpr CNodeData(Word raw) : raw_(raw) {}
    constexpr CNodeData(Word guard, unsigned guard_size) : raw_(guard << 6 | (guard_size & 63)) {}
    constexpr Word guard() const { return raw_ >> 6; }
    constexpr unsigned guard_size() const { return static_cast<unsigned>(raw_ & 63); }
    constexpr Word raw() const { return raw_; }

private:
    Word raw_ = 0;
};

static_assert(sizeof(MessageInfo) == 8 && sizeof(CapPtr) == 8 && sizeof(Badge) == 8);
static_assert(MessageInfo(5, 3, 2, 1).raw() == (5u << 12 | 1u << 9 | 2u << 7 | 3u));
static_assert(MessageInfo(Word{127}).length() == 120);

} // namespace abi
