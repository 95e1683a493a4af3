// SPDX-License-Identifier: BSD-2-Clause
// Endpoint: where threads meet to exchange messages; and Reply, the right to answer one call.
#pragma once

#include <sys/cap/reply.hpp>
#include <sys/ipc/message.hpp>

namespace sys {

/// Where messages are sent, and received.
class Endpoint : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::endpoint;
    using Object::Object;

    /// Sends and waits for the answer, whatever its label says.
    Received call(const Message& message) const {
        raw::Registers registers = to_registers(message);
        raw::enter(abi::Syscall::call, registers);
        return to_received(registers);
    }
    /// Waits until somebody receives it.
    void send(const Message& message) const {
        raw::Registers registers = to_registers(message);
        raw::enter(abi::Syscall::send, registers);
    }
    /// Delivers only if somebody waits right now; nobody learns which.
    void send_if_awaited(const Message& message) const {
        raw::Registers registers = to_registers(message);
        raw::enter(abi::Syscall::nb_send, registers);
    }
    /// Waits for a message; its sender, if it called, can be answered through `reply`.
    Received receive(Reply reply) const {
        raw::Registers registers = to_registers({});
        raw::enter(abi::Syscall::recv, registers, reply.slot());
        return to_received(registers);
    }
    /// As receive; if nobody is there, returns at once with badge 0 and nothing else changed.
    Received receive_if_there(Reply reply) const {
        raw::Registers registers = to_registers({});
        raw::enter(abi::Syscall::nb_recv, registers, reply.slot());
        return to_received(registers);
    }
    /// Answers through `reply`, then waits for the next message, with the same reply object.
    Received reply_receive(const Message& answer, Reply reply) const {
        raw::Registers registers = to_registers(answer);
        raw::enter(abi::Syscall::reply_recv, registers, reply.slot());
        return to_received(registers);
    }
    /// Sends on `destination` if somebody waits there (a signal, an answer on a reply object), then receives here.
    Received send_receive(Object destination, const Message& message, Reply reply) const {
        raw::Registers registers = to_registers(message);
        raw::enter(abi::Syscall::nb_send_recv, registers, reply.slot(), destination.slot());
        return to_received(registers);
    }
    /// Receives without a reply object: who called is never answered.
    Received wait() const {
        raw::Registers registers = to_registers({});
        raw::enter(abi::Syscall::wait, registers);
        return to_received(registers);
    }

private:
    raw::Registers to_registers(const Message& message) const {
        return {slot(), message.info.raw(), message.mr0, message.mr1, message.mr2, message.mr3};
    }
    static Received to_received(const raw::Registers& registers) {
        return {{MessageInfo(registers.info), registers.mr0, registers.mr1, registers.mr2, registers.mr3},
                Badge{registers.target}};
    }
};

} // namespace sys
