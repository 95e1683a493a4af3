// SPDX-License-Identifier: BSD-2-Clause
// A pager's side of page faults: what the kernel tells it, and answers that are mappings (docs/concepts/paging.md).
#pragma once

#include <abi/fault.hpp>
#include <abi/paging.hpp>
#include <span>
#include <sys/cap/endpoint.hpp>

namespace sys {

/// The words of a KeeperFault.
struct KeeperFault {
    Word instruction = 0;
    Word address = 0;
    abi::KeeperFaultInfo info{0};
    Word cookie = 0;

    static bool is_one(const Message& message) {
        return message.label() == static_cast<Word>(abi::Fault::keeper_fault);
    }
    static KeeperFault from(const Message& message) {
        return {message.mr0, message.mr1, abi::KeeperFaultInfo(message.mr2), message.mr3};
    }
};

/// One mapping of an answer: a frame or a paging structure, and its place. A copy goes into slot `copy_to`.
struct MapItem {
    Object capability;
    abi::Place place{0};
    Object copy_to{};
};

/// The pager's end of the line: an endpoint with faults and requests, and the reply object for whoever is being served.
class PagerPort {
public:
    constexpr PagerPort(Endpoint endpoint, Reply reply) : endpoint_(endpoint), reply_(reply) {}

    Received receive() const { return endpoint_.receive(reply_); }
    Received reply_receive(const Message& answer) const { return endpoint_.reply_receive(answer, reply_); }
    Endpoint endpoint() const { return endpoint_; }
    Reply reply() const { return reply_; }

    /// Maps one frame, lets the thread go on, and receives. On failure the thread still waits: mend it and answer again.
    Result<Received> map_receive(Object frame, abi::Place place) const {
        raw::Registers message{.target = endpoint_.slot(),
                               .info = abi::MessageInfo(static_cast<Word>(abi::PagerAnswer::map), 2).raw(),
                               .mr0 = frame.slot(),
                               .mr1 = place.raw()};
        return answer(message, nullptr);
    }
    /// Maps the items (at most 20, in order; none: try again), lets the thread go on, and receives. On failure the thread
    /// still waits: `mapped` items are done, mend it and answer again.
    Result<Received> map_receive(std::span<const MapItem> items, unsigned* mapped = nullptr) const;
    /// The fault goes to the supervisor of the thread, with a code.
    Result<Received> deny_receive(uint8_t code) const;
    /// Another pager answers; it sees `cookie` and may give at most `rights`.
    Result<Received> forward_receive(Endpoint pager, Word cookie, abi::PageRights rights) const;

private:
    Result<Received> answer(raw::Registers& message, unsigned* mapped) const {
        raw::enter(abi::Syscall::reply_map_recv, message, reply_.slot());
        const abi::MessageInfo info(message.info);
        if ((message.info & 127) != abi::failed_length)
            return Received{{info, message.mr0, message.mr1, message.mr2, message.mr3}, Badge{message.target}};
        if (mapped)
            *mapped = static_cast<unsigned>(message.target);
        return Error(static_cast<ErrorCode>(info.label()), message.mr0, message.mr1, message.mr2, message.mr3);
    }

    Endpoint endpoint_;
    Reply reply_;
};

} // namespace sys
