// SPDX-License-Identifier: BSD-2-Clause
// Messages: the registers they travel in, and a typed writer and reader over the thread's IPC buffer.
// MR0-MR3 travel in registers; a writer puts them into the buffer first and `Endpoint` moves them over, so that one
// piece of code packs messages of any length.
#pragma once

#include <abi/message.hpp>
#include <span>
#include <string_view>
#include <sys/cap/object.hpp>

namespace sys {

using abi::MessageInfo;

/// A message as it leaves or arrives. Words from the fifth on, and capabilities, are in the thread's IPC buffer.
struct Message {
    MessageInfo info; ///< label, length and number of capabilities
    Word mr0 = 0; ///< the first word
    Word mr1 = 0;
    Word mr2 = 0;
    Word mr3 = 0;

    /// What is asked; of a reply 0 or the error.
    constexpr Word label() const { return info.label(); }
    /// Words, 0 to 120.
    constexpr unsigned length() const { return info.length(); }

    /// A message of no words.
    static constexpr Message of_label(Word label) { return {MessageInfo(label, 0)}; }
    /// An error as a reply: label and details.
    static constexpr Message of_error(const Error& error) {
        return {MessageInfo(error.label(), 4), error.detail(0), error.detail(1), error.detail(2), error.detail(3)};
    }
};

/// A message and who sent it.
struct Received : Message {
    Badge badge; ///< of the capability that it was sent with; of signals all bits that came
};

/// Bytes that follow the structure of a request or a reply.
struct Payload {
    std::span<const uint8_t> bytes; ///< borrowed
    Payload() = default;
    Payload(std::span<const uint8_t> data) : bytes(data) {}
    Payload(std::string_view text) : bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size()) {}
};

/// Where the kernel puts a capability that arrives. The slot must be empty; one message brings at most one.
void set_receive_slot(Object cnode, Word index, unsigned depth);
/// Capabilities that arrive are dropped from now on.
void clear_receive_slot();

/// Fills the thread's IPC buffer. Any system call in between spoils it: write, then send.
class MessageWriter {
public:
    MessageWriter() : buffer_(*raw::ipc_buffer()) {}

    /// too_long: the message is full, here and below.
    Result<void> word(Word value);
    /// A plain structure, padded with zero bytes to whole words.
    template <class T>
    Result<void> structure(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        return raw_bytes(&value, sizeof(T));
    }
    /// Length in one word, then the bytes.
    Result<void> bytes(std::span<const uint8_t> value);
    /// As bytes.
    Result<void> string(std::string_view value);
    /// At most abi::max_extra_caps, of which one arrives.
    Result<void> capability(Object object);

    /// The message, ready to be sent.
    Message finish(Word label) const;

private:
    Result<void> raw_bytes(const void* data, size_t size);

    abi::IpcBuffer& buffer_;
    unsigned length_ = 0;
    unsigned capabilities_ = 0;
};

/// Reads a received message front to back. Nothing in a message is trusted: every read may fail with bad_message.
/// What it returns as span or string lies in the IPC buffer and is gone with the next system call.
class MessageReader {
public:
    /// Moves the words that came in registers to the others: before any other system call.
    explicit MessageReader(const Message& message);

    /// The next word; bad_message: there is none, here and below.
    Result<Word> word();
    /// Plain data as MessageWriter::structure has written it.
    template <class T>
    Result<T> structure() {
        static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>);
        T value{};
        TRY(raw_bytes(&value, sizeof(T)));
        return value;
    }
    /// As MessageWriter::bytes has written them; bad_message: longer than the message.
    Result<std::span<const uint8_t>> bytes();
    /// As bytes().
    Result<std::string_view> string();

    /// Words that were not read yet.
    unsigned words_left() const { return length_ - position_; }

private:
    Result<void> raw_bytes(void* data, size_t size);

    abi::IpcBuffer& buffer_;
    unsigned length_;
    unsigned position_ = 0;
};

} // namespace sys
