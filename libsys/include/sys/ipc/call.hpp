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

/// The common case: plain structures both ways, and the capabilities that the request carries (R::Carries), or none.
template <Request R, class... Capabilities>
    requires CarriedWith<R, Capabilities...>
inline Result<typename R::Reply> call(Endpoint server, const R& request, Capabilities... capabilities) {
    constexpr size_t count = sizeof...(Capabilities);
    static_assert(count <= abi::max_extra_caps);
    if constexpr (count > 0) {
        abi::IpcBuffer& buffer = *raw::ipc_buffer();
        const std::array<Word, count> pointers = with_caps(capabilities...);
        for (size_t i = 0; i < count; ++i)
            buffer.caps_or_badges[i] = pointers[i];
    }
    const Received answer = server.call(pack(R::label, request, count));
    if (answer.label() != 0)
        return error_of(answer);
    return unpack<typename R::Reply>(answer);
}

/// A reply with the capability that it has brought.
template <BringsCapability R>
struct Brought {
    typename R::Reply reply;
    typename R::Brings capability; ///< borrowed: it is in the slot that it was to come to
};

/// As call, for a request whose reply brings a capability, into the empty slot `into` of `cnode` (2^64 slots are named: the
/// CNode resolves all bits). The receive slot of the thread is afterwards as it was. bad_message: the reply has brought none.
template <BringsCapability R>
inline Result<Brought<R>> call_for(Endpoint server, const R& request, Object cnode, Word into) {
    abi::IpcBuffer& buffer = *raw::ipc_buffer();
    const Object before(buffer.receive_cnode);
    const Word index = buffer.receive_index, depth = buffer.receive_depth;
    set_receive_slot(cnode, into, abi::word_bits);
    const Received answer = server.call(pack(R::label, request));
    const Result<typename R::Reply> reply =
        answer.label() != 0 ? Result<typename R::Reply>(error_of(answer)) : unpack<typename R::Reply>(answer);
    set_receive_slot(before, index, static_cast<unsigned>(depth));
    if (!reply)
        return reply.error();
    if (answer.info.extra_caps() == 0)
        return ErrorCode::bad_message;
    return Brought<R>{*reply, typename R::Brings(into)};
}

/// A reply with what came besides the structure.
template <PlainMessage R>
struct Answer {
    R reply;
    std::span<uint8_t> payload; ///< the part of the caller's buffer that was filled
    unsigned capabilities = 0; ///< 1 if one arrived in the receive slot
};

/// With a payload in the request, in the reply (copied to `reply_buffer`, too_long if that is too small), or both.
template <Request R, class... Capabilities>
    requires CarriedWith<R, Capabilities...>
inline Result<Answer<typename R::Reply>> call_with_payload(Endpoint server, const R& request, const Payload& payload,
                                                           std::span<uint8_t> reply_buffer = {},
                                                           Capabilities... capabilities) {
    MessageWriter writer;
    if constexpr (!std::is_empty_v<R>)
        TRY(writer.structure(request));
    TRY(writer.bytes(payload.bytes));
    for (const Word pointer : with_caps(capabilities...))
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
