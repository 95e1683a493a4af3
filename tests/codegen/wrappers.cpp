// SPDX-License-Identifier: BSD-2-Clause
// Pairs of functions that do the same, `wrapped_x` with libsys' types and `raw_x` with registers by hand, for
// tools/lib/test_codegen.py: the first must not have more instructions than the second.
#include <sys/cap/frame.hpp>
#include <sys/ipc/call.hpp>
#include <sys/ipc/server.hpp>

namespace {

using sys::Word;

struct Add {
    static constexpr Word label = sys::request_label(sys::Protocol::test, 7);
    struct Reply {
        Word total = 0;
    };
    Word a = 0;
    Word b = 0;
};

} // namespace

extern "C" {

bool wrapped_call(Word endpoint, Word a, Word b, Word* total) {
    const auto reply = sys::call(sys::Endpoint(endpoint), Add{a, b});
    if (!reply)
        return false;
    *total = reply->total;
    return true;
}
bool raw_call(Word endpoint, Word a, Word b, Word* total) {
    sys::raw::Registers message{endpoint, abi::MessageInfo(Add::label, 2).raw(), a, b};
    sys::raw::enter(abi::Syscall::call, message);
    const abi::MessageInfo info(message.info);
    if (info.label() != 0 || info.length() < 1)
        return false;
    *total = message.mr0;
    return true;
}

/// Answers with one word, receives the next message, and says who sent it.
Word wrapped_reply_receive(Word endpoint, Word reply, Word total) {
    return sys::Endpoint(endpoint).reply_receive(sys::pack(0, Add::Reply{total}), sys::Reply(reply)).badge.value;
}
Word raw_reply_receive(Word endpoint, Word reply, Word total) {
    sys::raw::Registers message{endpoint, abi::MessageInfo(0, 1).raw(), total};
    sys::raw::enter(abi::Syscall::reply_recv, message, reply);
    return message.target;
}

/// What a server does with a request: label, length, two words.
Word wrapped_receive(Word endpoint, Word reply) {
    const sys::Received received = sys::Endpoint(endpoint).receive(sys::Reply(reply));
    if (received.label() != Add::label)
        return 0;
    const auto request = sys::unpack<Add>(received);
    return request ? request->a + request->b : 0;
}
Word raw_receive(Word endpoint, Word reply) {
    sys::raw::Registers message{endpoint};
    sys::raw::enter(abi::Syscall::recv, message, reply);
    const abi::MessageInfo info(message.info);
    return info.label() == Add::label && info.length() >= 2 ? message.mr0 + message.mr1 : 0;
}

bool wrapped_map(Word frame, Word space, Word address) {
    return sys::Frame(frame).map(sys::VSpace(space), address, sys::PageAccess::read_write()).is_ok();
}
bool raw_map(Word frame, Word space, Word address) {
    sys::raw::ipc_buffer()->caps_or_badges[0] = space;
    sys::raw::Registers message{frame, abi::MessageInfo(static_cast<Word>(abi::Invocation::page_map), 3, 1).raw(),
                                address, (abi::Rights::read() | abi::Rights::write()).raw(),
                                abi::attribute_execute_never};
    sys::raw::enter(abi::Syscall::call, message);
    return abi::MessageInfo(message.info).label() == 0;
}

} // extern "C"
