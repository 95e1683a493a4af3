// SPDX-License-Identifier: BSD-2-Clause
// Moves one message from thread to thread: words, and capabilities where the sender may grant.
#pragma once

#include <ipc/message.hpp>

namespace kernel {

/// What travels along: where from, under which badge, and whether capabilities may.
struct TransferTerms {
    const Endpoint* endpoint = nullptr; ///< a capability to this very endpoint travels as its badge
    Word badge = 0;
    bool can_grant = false;
};

/// The parts of a message info but its label: length, capabilities, what was unwrapped.
inline constexpr Word not_label = 0xfff;

/// Whether the message of `sender` consists of words only, and both sides have a place for them.
[[gnu::always_inline]] inline bool is_words_only(const Tcb& sender, const Tcb& receiver) {
    const Word parts = sender.context.rsi & not_label;
    return parts <= abi::register_message_words ||
           (parts <= abi::max_message_words && sender.buffer && receiver.buffer);
}

/// Such a message.
[[gnu::always_inline]] inline void transfer_words(const Tcb& sender, Word badge, Tcb& receiver) {
    const Word info = sender.context.rsi;
    const auto length = static_cast<unsigned>(info & not_label);
    receiver.context.rsi = info;
    receiver.context.rdi = badge;
    copy_register_words(sender.context, receiver.context, length);
    if (length > abi::register_message_words) [[unlikely]]
        copy_buffer_words(*sender.buffer, *receiver.buffer, length);
}

/// Any message, or a pending fault.
void transfer_any(Tcb& sender, const TransferTerms& terms, Tcb& receiver);

/// `sender`'s message, or its pending fault, into `receiver`'s registers and IPC buffer. Neither thread's state changes.
inline void transfer(Tcb& sender, const TransferTerms& terms, Tcb& receiver) {
    if (sender.fault.type == abi::Fault::none && is_words_only(sender, receiver)) [[likely]]
        return transfer_words(sender, terms.badge, receiver);
    transfer_any(sender, terms, receiver);
}

} // namespace kernel
