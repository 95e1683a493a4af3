// SPDX-License-Identifier: BSD-2-Clause
// Packing and unpacking of messages in the thread's IPC buffer.
#include <string.h>
#include <sys/ipc/message.hpp>

namespace sys {

namespace {

constexpr size_t word_bytes = sizeof(Word);

constexpr size_t words_for(size_t bytes) { return bytes / word_bytes + (bytes % word_bytes != 0); }

} // namespace

void set_receive_slot(Object cnode, Word index, unsigned depth) {
    abi::IpcBuffer& buffer = *raw::ipc_buffer();
    buffer.receive_cnode = cnode.slot();
    buffer.receive_index = index;
    buffer.receive_depth = depth;
}

void clear_receive_slot() { set_receive_slot(Object(), 0, 0); }

Result<void> MessageWriter::word(Word value) {
    if (length_ >= abi::max_message_words)
        return Error(ErrorCode::too_long, abi::max_message_words);
    buffer_.message[length_++] = value;
    return {};
}

Result<void> MessageWriter::bytes(std::span<const uint8_t> value) {
    TRY(word(value.size()));
    return raw_bytes(value.data(), value.size());
}

Result<void> MessageWriter::string(std::string_view value) {
    TRY(word(value.size()));
    return raw_bytes(value.data(), value.size());
}

Result<void> MessageWriter::capability(Object object) {
    if (capabilities_ >= abi::max_extra_caps)
        return Error(ErrorCode::too_long, abi::max_extra_caps);
    buffer_.caps_or_badges[capabilities_++] = object.slot();
    return {};
}

Message MessageWriter::finish(Word label) const {
    const Word* const words = buffer_.message;
    return {MessageInfo(label, length_, capabilities_), words[0], words[1], words[2], words[3]};
}

Result<void> MessageWriter::raw_bytes(const void* data, size_t size) {
    const size_t words = words_for(size);
    if (words > abi::max_message_words - length_)
        return Error(ErrorCode::too_long, abi::max_message_words);
    if (words == 0)
        return {};
    buffer_.message[length_ + words - 1] = 0; // the bytes behind the last one of `data`
    memcpy(&buffer_.message[length_], data, size);
    length_ += static_cast<unsigned>(words);
    return {};
}

MessageReader::MessageReader(const Message& message) : buffer_(*raw::ipc_buffer()), length_(message.length()) {
    buffer_.message[0] = message.mr0;
    buffer_.message[1] = message.mr1;
    buffer_.message[2] = message.mr2;
    buffer_.message[3] = message.mr3;
}

Result<Word> MessageReader::word() {
    if (position_ >= length_)
        return ErrorCode::bad_message;
    return buffer_.message[position_++];
}

Result<std::span<const uint8_t>> MessageReader::bytes() {
    const Word size = TRY(word());
    if (size > size_t{words_left()} * word_bytes)
        return ErrorCode::bad_message;
    const auto* const start = reinterpret_cast<const uint8_t*>(&buffer_.message[position_]);
    position_ += static_cast<unsigned>(words_for(size));
    return std::span<const uint8_t>(start, size);
}

Result<std::string_view> MessageReader::string() {
    const std::span<const uint8_t> text = TRY(bytes());
    return std::string_view(reinterpret_cast<const char*>(text.data()), text.size());
}

Result<void> MessageReader::raw_bytes(void* data, size_t size) {
    const size_t words = words_for(size);
    if (words > words_left())
        return ErrorCode::bad_message;
    memcpy(data, &buffer_.message[position_], size);
    position_ += static_cast<unsigned>(words);
    return {};
}

} // namespace sys
