// SPDX-License-Identifier: BSD-2-Clause
// A victim that executes one system call with all registers known, and what it kept of them.
#pragma once

#include <tests/system/ipc/meeting.hpp>

namespace test {

/// A victim with a capability to each of a meeting's objects: 1 endpoint, 2 notification, 3 reply, 4 second endpoint.
struct Party : Subject {
    Meeting here;
    sys::UserRegisters before;

    sys::Result<void> make_party() {
        TRY(here.make());
        TRY(make(above));
        TRY(victim.slot(1).copy_from(here.endpoint.ref()));
        TRY(victim.slot(2).copy_from(here.notification.ref()));
        TRY(victim.slot(3).copy_from(here.reply.ref()));
        return victim.slot(4).copy_from(here.second.ref());
    }
    /// Every register has a value of its own; then one SYSCALL.
    sys::Result<void> start(abi::Syscall number, Word target, Word info = 0, Word r12 = 3, Word r13 = 60) {
        for (unsigned i = 3; i < 18; ++i)
            before.words[i] = 0x1111'1111'1111'0000 + i;
        before[abi::UserRegister::rdx] = static_cast<Word>(number);
        before[abi::UserRegister::rdi] = target;
        before[abi::UserRegister::rsi] = info;
        before[abi::UserRegister::r12] = r12;
        before[abi::UserRegister::r13] = r13;
        before[abi::UserRegister::rsp] = 0x7777'7770;
        before[abi::UserRegister::rip] = Victim::address_of(snippet_syscall);
        before[abi::UserRegister::rflags] = 0xa46; // carry off, parity, zero and overflow on
        return victim.start(snippet_syscall, before);
    }
    bool came_back() { return victim.next_fault(0).value_or(Fault{}).is_done(); }
    /// After it came back: RCX and R11 may be anything, these were to change, all others are as they were.
    bool kept_all_but(std::initializer_list<abi::UserRegister> changed, const Where& where) {
        const sys::UserRegisters after = victim.registers();
        for (unsigned i = 1; i < 20; ++i) {
            const auto which = static_cast<abi::UserRegister>(i);
            bool free = which == abi::UserRegister::rcx || which == abi::UserRegister::r11;
            for (const abi::UserRegister one : changed)
                free = free || which == one;
            const Word mask =
                which == abi::UserRegister::rflags ? ~Word{0x10000} : ~Word{0}; // the exception may set RF
            const Word expected = which == abi::UserRegister::rflags ? 0xa46 : before.words[i];
            if (!free && !check_equal(after.words[i] & mask, expected, where))
                return false;
        }
        return check_equal(after.words[0], before.words[0] + 2, where);
    }
    Word now(abi::UserRegister which) { return victim.registers()[which]; }
};

} // namespace test

#define CHECK_KEPT(party, ...) CHECK((party).kept_all_but({__VA_ARGS__}, TEST_WHERE("registers")))
