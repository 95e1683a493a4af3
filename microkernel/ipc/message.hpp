// SPDX-License-Identifier: BSD-2-Clause
// The message registers of a thread: the first four in CPU registers, the others in its IPC buffer.
#pragma once

#include <abi/message.hpp>
#include <mem/direct_map.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// The IPC buffer of `thread` through the window; null if it has none. Never a device frame.
inline abi::IpcBuffer* ipc_buffer(const Tcb& thread) {
    const Capability& frame = thread.cap(TcbSlot::ipc_buffer);
    if (!frame.is(CapType::frame))
        return nullptr;
    const Word offset = thread.ipc_buffer_at.raw() & ones(frame_bits(frame.frame_size()));
    return window<abi::IpcBuffer>(frame.object() + offset);
}

/// Message register `index`, below four.
inline Word& message_register(Context& context, unsigned index) {
    switch (index) {
    case 0: return context.r10;
    case 1: return context.r8;
    case 2: return context.r9;
    default: return context.r15;
    }
}

/// What `thread` said about its message when it entered the kernel.
inline abi::MessageInfo message_info(const Tcb& thread) { return abi::MessageInfo(thread.context.rsi); }

/// Words of `thread`'s message that exist: without an IPC buffer at most four.
inline unsigned message_length(const Tcb& thread, const abi::IpcBuffer* buffer) {
    const unsigned length = message_info(thread).length();
    return buffer || length <= abi::register_message_words ? length : abi::register_message_words;
}

/// Gives a thread a message word by word.
class MessageWriter {
public:
    explicit MessageWriter(Tcb& receiver) : context_(receiver.context), buffer_(ipc_buffer(receiver)) {}
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

/// Reads a thread's message word by word.
class MessageReader {
public:
    explicit MessageReader(Tcb& sender)
        : context_(sender.context), buffer_(ipc_buffer(sender)), length_(message_length(sender, buffer_)) {}
    unsigned length() const { return length_; }
    Word operator[](unsigned index) const {
        return index < abi::register_message_words ? message_register(context_, index) : buffer_->message[index];
    }

private:
    Context& context_;
    const abi::IpcBuffer* buffer_;
    unsigned length_;
};

} // namespace kernel
