// SPDX-License-Identifier: BSD-2-Clause
// What the structures of a protocol must provide, checked at compile time. One header per protocol: libsys/protocol/.
//
// On the wire: the label names protocol and operation; the words are the structure, padded with zeros to whole words,
// then, if there is a payload, its length in bytes in one word and the bytes. A reply's label is 0, or an error
// (sys/error.hpp) with its details in MR0-MR3.
#pragma once

#include <abi/types.hpp>
#include <concepts>
#include <stddef.h>
#include <string_view>
#include <type_traits>

namespace sys {

using abi::Word;

/// The protocols of this system. Numbers are never used again; 0 is not a protocol, because faults have those labels. From
/// 0x1000 on they are those of protocol_named.
enum class Protocol : uint32_t {
    console = 1,
    process = 2,
    pager = 3,
    service_manager = 4,
    log = 5,
    clock = 6,
    swap = 7,
    region_pager = 16, ///< of any pager written with sys/pager/
    test = 0xfff,
};

/// The number of a protocol that has no line above: a hash of its name and version. Whoever speaks another version has
/// other labels, and is answered with unknown_request instead of being misunderstood.
consteval Protocol protocol_named(std::string_view name, unsigned version) {
    constexpr uint32_t offset_basis = 2166136261, prime = 16777619; // FNV-1a
    constexpr uint32_t first = 0x1000, bits = 28;
    uint32_t hash = offset_basis;
    for (const char character : name)
        hash = (hash ^ static_cast<uint8_t>(character)) * prime;
    hash = (hash ^ version) * prime;
    hash = (hash >> bits ^ hash) & ((uint32_t{1} << bits) - 1);
    return static_cast<Protocol>(hash < first ? hash + first : hash);
}

/// Above the labels of all faults and all kernel methods.
constexpr Word request_label(Protocol protocol, uint16_t operation) {
    return Word{static_cast<uint32_t>(protocol)} << 16 | operation;
}

/// First error number of a protocol: error enums of protocols start here (blocks of 256).
constexpr Word protocol_error_base(Protocol protocol) { return Word{static_cast<uint32_t>(protocol)} << 8; }

/// For requests and replies without content.
struct Empty {};

/// Plain data without padding (padding would carry what was on the sender's stack), small enough for one message.
/// Use fixed-width integers and arrays, no bool and no enum that a receiver could not check.
template <class T>
concept PlainMessage = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> &&
                       std::default_initializable<T> && sizeof(T) <= abi::max_message_words * sizeof(Word) &&
                       (std::is_empty_v<T> || std::has_unique_object_representations_v<T>);

template <class T>
concept Request = PlainMessage<T> && PlainMessage<typename T::Reply> && requires {
    { T::label } -> std::convertible_to<Word>;
} && (T::label >> 16 != 0);

/// The capabilities that go with a request, by their types and in this order: `using Carries = sys::CapabilityList<Signal>;` in
/// the request. A caller sends all of them or none.
template <class... Types>
struct CapabilityList {
    static constexpr unsigned count = sizeof...(Types); ///< arrive one at a time, see set_receive_slot

    /// Whether arguments of these types are what the request carries.
    template <class... Given>
    static constexpr bool takes() {
        if constexpr (sizeof...(Given) != sizeof...(Types))
            return sizeof...(Given) == 0;
        else
            return (std::convertible_to<Given, Types> && ...);
    }
};

namespace detail {
template <class R>
struct CarriedBy {
    using List = CapabilityList<>;
};
template <class R>
    requires requires { typename R::Carries; }
struct CarriedBy<R> {
    using List = typename R::Carries;
};
} // namespace detail

/// Whether capabilities of these types may go with a request.
template <class R, class... Given>
concept CarriedWith = detail::CarriedBy<R>::List::template takes<Given...>();

/// A request whose reply brings a capability: `using Brings = Untyped;` in the request.
template <class R>
concept BringsCapability = Request<R> && requires { typename R::Brings; };

/// Words that a structure takes in a message.
template <PlainMessage T>
inline constexpr unsigned message_words = std::is_empty_v<T> ? 0 : (sizeof(T) + sizeof(Word) - 1) / sizeof(Word);

/// The text in a field of a message, which is zero-terminated unless it fills the field.
template <size_t size>
constexpr std::string_view text_in(const char (&field)[size]) {
    const std::string_view whole(field, size);
    return whole.substr(0, whole.find('\0'));
}

/// Badges of clients leave this bit clear; the badges of a server's bound notification set it, so that a signal is told
/// from a message (which it may otherwise look like: a signal changes the badge only).
inline constexpr Word signal_badge_bit = Word{1} << 63;
/// In the badge of a signal: whoever started the process asks it to end (sys/server/run.hpp). Bits 0 to 61 are the program's own.
inline constexpr Word stop_badge_bit = Word{1} << 62;

static_assert(protocol_named("a", 1) != protocol_named("a", 2) && protocol_named("a", 1) != protocol_named("b", 1));

} // namespace sys
