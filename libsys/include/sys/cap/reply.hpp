// SPDX-License-Identifier: BSD-2-Clause
// Reply object: holds the one caller that waits for an answer.
#pragma once

#include <abi/object.hpp>
#include <sys/ipc/message.hpp>

namespace sys {

/// Holds one caller until it is answered.
class Reply : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::reply;
    using Object::Object;

    /// Answers the caller that waits here; nothing happens if there is none.
    void send(const Message& message) const {
        raw::Registers registers{slot(), message.info.raw(), message.mr0, message.mr1, message.mr2, message.mr3};
        raw::enter(abi::Syscall::send, registers);
    }
};

} // namespace sys
