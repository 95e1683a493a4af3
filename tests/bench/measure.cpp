// SPDX-License-Identifier: BSD-2-Clause
#include "measure.hpp"

#include <algorithm>
#include <sys/util/format.hpp>
#include <sys/util/log.hpp>

namespace bench {

constinit Shared shared{};
constinit Word syscall_clock_cost = 0;
constinit Word touch_clock_cost = 0;

Events read_events() {
    sys::raw::Registers registers;
    sys::raw::enter(abi::Syscall::debug_snapshot, registers);
    return {registers.mr0, registers.mr1, registers.mr2, registers.mr3};
}

void Figure::add(unsigned i, Word instructions, const Events& from, const Events& to) {
    from_ = from;
    to_ = to;
    if (i >= warm_up)
        samples_[i - warm_up] = instructions;
}

void Figure::print() {
    std::sort(samples_.begin(), samples_.end());
    if (!shared.counting)
        return sys::log("BENCH {} {}", name_, samples_[rounds / 2]);
    // The reading that ends the stretch is an entry of its own.
    sys::log("COUNT {} {} {} {} {}", name_, to_[0] - from_[0] - 1, to_[1] - from_[1], to_[2] - from_[2],
             to_[3] - from_[3]);
}

Word stamped_invocation(Word target, abi::Invocation method, std::initializer_list<Word> words,
                        std::initializer_list<Word> caps) {
    abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
    std::copy(caps.begin(), caps.end(), buffer.caps_or_badges);
    std::copy(words.begin(), words.end(), buffer.message);
    const abi::MessageInfo info(static_cast<Word>(method), static_cast<unsigned>(words.size()),
                                static_cast<unsigned>(caps.size()));
    sys::raw::Registers message{.target = target,
                                .info = info.raw(),
                                .mr0 = buffer.message[0],
                                .mr1 = buffer.message[1],
                                .mr2 = buffer.message[2],
                                .mr3 = buffer.message[3]};
    note(shared.client_events);
    stamped_syscall(abi::Syscall::call, message, 0, shared.client);
    note(shared.server_events);
    if (abi::MessageInfo(message.info).label() != 0)
        fail("an invocation was refused");
    return shared.client.after - shared.client.before - syscall_clock_cost;
}

} // namespace bench
