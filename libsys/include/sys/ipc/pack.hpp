// SPDX-License-Identifier: BSD-2-Clause
// Structures to messages and back. Up to four words stay in registers; longer ones use the IPC buffer for the rest.
#pragma once

#include <bit>
#include <sys/ipc/message.hpp>
#include <sys/ipc/protocol.hpp>

namespace sys {

namespace detail {

template <PlainMessage T>
using MessageArray = std::array<Word, message_words<T> == 0 ? 1 : message_words<T>>;

template <PlainMessage T>
constexpr MessageArray<T> to_words(const T& value) {
    MessageArray<T> words{};
    if constexpr (sizeof(MessageArray<T>) == sizeof(T) && !std::is_empty_v<T>)
        words = std::bit_cast<MessageArray<T>>(value);
    else if constexpr (!std::is_empty_v<T>)
        __builtin_memcpy(words.data(), &value, sizeof(T));
    return words;
}

} // namespace detail

/// A message that holds just `value`.
template <PlainMessage T>
inline Message pack(Word label, const T& value, unsigned extra_caps = 0) {
    constexpr unsigned count = message_words<T>;
    const auto words = detail::to_words(value);
    Message message{MessageInfo(label, count, extra_caps)};
    if constexpr (count > 0)
        message.mr0 = words[0];
    if constexpr (count > 1)
        message.mr1 = words[1];
    if constexpr (count > 2)
        message.mr2 = words[2];
    if constexpr (count > 3)
        message.mr3 = words[3];
    if constexpr (count > abi::register_message_words) {
        abi::IpcBuffer& buffer = *raw::ipc_buffer();
        for (unsigned i = abi::register_message_words; i < count; ++i)
            buffer.message[i] = words[i];
    }
    return message;
}

/// The structure at the start of a message; bad_message if the message is too short for it.
template <PlainMessage T>
inline Result<T> unpack(const Message& message) {
    constexpr unsigned count = message_words<T>;
    if (message.length() < count)
        return ErrorCode::bad_message;
    T value{};
    if constexpr (count > 0) {
        detail::MessageArray<T> words{};
        words[0] = message.mr0;
        if constexpr (count > 1)
            words[1] = message.mr1;
        if constexpr (count > 2)
            words[2] = message.mr2;
        if constexpr (count > 3)
            words[3] = message.mr3;
        if constexpr (count > abi::register_message_words) {
            const abi::IpcBuffer& buffer = *raw::ipc_buffer();
            for (unsigned i = abi::register_message_words; i < count; ++i)
                words[i] = buffer.message[i];
        }
        __builtin_memcpy(static_cast<void*>(&value), words.data(), sizeof(T));
    }
    return value;
}

} // namespace sys
