// SPDX-License-Identifier: BSD-2-Clause
// What the threads of an IPC case share, and small helpers around system calls.
#pragma once

#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

namespace test {

/// Two endpoints, two reply objects and a notification, out of memory that threads can be made of as well.
struct Meeting {
    Cap<sys::Untyped> memory;
    Cap<sys::Endpoint> endpoint, second;
    Cap<sys::Reply> reply, spare_reply;
    Cap<sys::Notification> notification;

    Result<void> make() {
        memory = TRY(make_untyped(18));
        endpoint = TRY(sys::make_object<sys::Endpoint>(space(), memory));
        second = TRY(sys::make_object<sys::Endpoint>(space(), memory));
        reply = TRY(sys::make_object<sys::Reply>(space(), memory));
        spare_reply = TRY(sys::make_object<sys::Reply>(space(), memory));
        notification = TRY(sys::make_object<sys::Notification>(space(), memory));
        return {};
    }
    /// A copy of the endpoint's capability with a badge and these rights.
    Result<Cap<sys::Endpoint>> badged(Word badge, sys::Rights rights = sys::Rights::all()) const {
        return sys::mint_cap(space(), endpoint.get(), rights, sys::Badge{badge});
    }
    /// First word of a message that waits, or `nothing`.
    Word take() const { return take(endpoint); }
    Word take(sys::Endpoint from) const {
        const sys::Received received = from.receive_if_there(reply);
        return received.info.raw() == 0 && received.badge.value == 0 ? nothing : received.mr0;
    }
    static constexpr Word nothing = ~Word{0};
};

/// One word with label 1.
inline sys::Message word(Word value) { return {abi::MessageInfo(1, 1), value}; }

/// Any system call, by all of its registers.
struct RawCall {
    sys::raw::Registers registers;
    static RawCall make(abi::Syscall number, AnyCap target, Word info = 0, Word mr0 = 0) {
        RawCall call{{target.slot, info, mr0}};
        sys::raw::enter(number, call.registers);
        return call;
    }
};

/// Registers of a victim that executes one SYSCALL.
inline sys::UserRegisters system_call(abi::Syscall number, Word target, Word info = 0) {
    sys::UserRegisters registers;
    registers[abi::UserRegister::rdx] = static_cast<Word>(number);
    registers[abi::UserRegister::rdi] = target;
    registers[abi::UserRegister::rsi] = info;
    return registers;
}

/// A context of 5 ms round robin.
inline Result<Cap<sys::SchedContext>> make_context(sys::Untyped memory) {
    auto context = TRY(sys::make_object<sys::SchedContext>(space(), memory, 8));
    TRY(sched_control().configure(context, {{5000}, {5000}}));
    return context;
}
/// Whether the context belongs to this thread: asked by a Bind that is refused either way.
inline bool is_bound_elsewhere(sys::SchedContext context, sys::Tcb thread) {
    return invoke(context, abi::Invocation::sched_context_bind, {}, {thread}).is(abi::Error::illegal_operation);
}

} // namespace test
