// SPDX-License-Identifier: BSD-2-Clause
// Calling a server: request structure in, reply structure or error out.
#pragma once

#include <sys/cap/endpoint.hpp>
#include <sys/ipc/pack.hpp>

namespace sys {

/// The error that a server (or the kernel, for want of one) answered with: label and MR0-MR3.
inline Error error_of(const Message& answer) {
    return to_error(answer.info, answer.mr0, answer.mr1, answer.mr2, answer.mr3);
}

/// The common case: plain structures both ways, and perhaps capabilities to the server (`with_caps(...)`).
template <Request R, size_t capability_count = 0>
inline Result<typename R::Reply> call(Endpoint server, const R& request,
                                      const std::array<Word, capability_count>& capabilities = {}) {
    static_assert(capability_count <= abi::max_extra_caps);
    if constexpr (capability_count > 0) {
        abi::IpcBuffer& buffer = *raw::ipc_buffer();
        for (size_t i = 0; i < capability_count; ++i)
            buffer.caps_or_badges[i] = capabilities[i];
    }
    const Received answer = server.call(pack(R::label, request, capability_count));
    if (answer.label() != 0)
        return error_of(answer);
    return unpack<typename R::Reply>(answer);
}

/// A reply with what came besides the structure.
template <PlainMessage R>
struct Answer {
    R reply;
    std::span<uint8_t> payload; ///< the part of the caller's buffer that was filled
    unsigned capabilities = 0;  ///< 1 if one arrived in the receive slot
};

/// With a payload in the request, in the reply (copied to `reply_buffer`, too_long if that is too small), or both.
template <Request R, size_t capability_count = 0>
inline Result<Answer<typename R::Reply>> call_with_payload(Endpoint server, const R& request, const Payload& payload,
                                                           std::span<uint8_t> reply_buffer = {},
                                                           const std::array<Word, capability_count>& caps = {}) {
    MessageWriter writer;
    if constexpr (!std::is_empty_v<R>)
        TRY(writer.structure(request));
    TRY(writer.bytes(payload.bytes));
    for (const Word pointer : caps)
        TRY(writer.capability(Object(pointer)));
    const Received answer = server.call(writer.finish(R::label));
    if (answer.label() != 0)
        return error_of(answer);

    MessageReader reader(answer);
    Answer<typename R::Reply> result{};
    if constexpr (!std::is_empty_v<typename R::Reply>)
        result.reply = TRY(reader.structure<typename R::Reply>());
    result.capabilities = answer.info.extra_caps();
    if (reader.words_left() == 0)
        return result;
    const std::span<const uint8_t> bytes = TRY(reader.bytes());
    if (bytes.size() > reply_buffer.size())
        return Error(ErrorCode::too_long, reply_buffer.size());
    for (size_t i = 0; i < bytes.size(); ++i)
        reply_buffer[i] = bytes[i];
    result.payload = reply_buffer.first(bytes.size());
    return result;
}

} // namespace sys
