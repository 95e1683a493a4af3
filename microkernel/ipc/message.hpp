// SPDX-License-Identifier: BSD-2-Clause
// The message registers of a thread: the first four in CPU registers, the others in its IPC buffer.
#pragma once

#include <arch/x86_64/cpu/instructions.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// Message register `index`, below four.
inline Word& message_register(Context& context, unsigned index) {
    constexpr Word Context::* registers[] = {&Context::r10, &Context::r8, &Context::r9, &Context::r15};
    return context.*registers[index];
}

/// What `thread` said about its message when it entered the kernel.
inline abi::MessageInfo message_info(const Tcb& thread) { return abi::MessageInfo(thread.context.rsi); }

/// Words of `thread`'s message that exist: without an IPC buffer at most four.
inline unsigned message_length(const Tcb& thread) {
    const unsigned length = message_info(thread).length();
    return thread.buffer || length <= abi::register_message_words ? length : abi::register_message_words;
}

/// The first `length` words of a message that travel in registers; the receiver's others stay as they are.
[[gnu::always_inline]] inline void copy_register_words(const Context& from, Context& to, unsigned length) {
    if (length == 0)
        return;
    to.r10 = from.r10;
    if (length == 1)
        return;
    to.r8 = from.r8;
    if (length == 2)
        return;
    to.r9 = from.r9;
    if (length > 3)
        to.r15 = from.r15;
}

/// The words behind those, up to `length`.
inline void copy_buffer_words(const abi::IpcBuffer& from, abi::IpcBuffer& to, unsigned length) {
    constexpr unsigned first = abi::register_message_words;
    x86::movsq_copy(&to.message[first], &from.message[first], length - first);
}

/// Word `index` of `sender`'s message, below its length.
inline Word message_word(Tcb& sender, unsigned index) {
    return index < abi::register_message_words ? message_register(sender.context, index)
                                               : sender.buffer->message[index];
}

/// Gives a thread a message word by word.
class MessageWriter {
public:
    explicit MessageWriter(Tcb& receiver) : context_(receiver.context), buffer_(receiver.buffer) {}
    /// Words for which there is no place are dropped.
    void put(Word word) {
        if (length_ < abi::register_message_words)
            message_register(context_, length_) = word;
        else if (buffer_)
            buffer_->message[length_] = word;
        else
            return;
        ++length_;
    }
    /// Ends the message: its description and the sender's badge.
    void finish(Word label, Word badge) {
        context_.rsi = abi::MessageInfo(label, length_).raw();
        context_.rdi = badge;
    }

private:
    Context& context_;
    abi::IpcBuffer* buffer_;
    unsigned length_ = 0;
};

} // namespace kernel
