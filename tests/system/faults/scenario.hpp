// SPDX-License-Identifier: BSD-2-Clause
// A thread that faults on purpose. Its name is the scenario's: by that the tools' records are told apart, and compared with
// expected.txt.
#pragma once

#include <sys/cap/range.hpp>
#include <sys/ipc/pager.hpp>
#include <tests/system/lib/test.hpp>
#include <tests/system/lib/victim.hpp>

namespace test {

using abi::UserRegister;
using sys::PageAccess;

inline constexpr Word somewhere = 0x500000; ///< free, but its page directory is there
inline constexpr Word heap = 0x600000; ///< kept by keeper 1, where a scenario has keepers

/// Gives a thread its name, for debuggers.
void name_thread(sys::Tcb tcb, const char* name);

inline sys::UserRegisters with_rdi(Word value, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = value;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

struct Scenario {
    Subject subject;

    Result<void> make(const char* name);
    Victim& victim() { return subject.victim; }
    AddressSpace& space() { return subject.victim.space(); }
    /// Runs a snippet; whether it ended with a page fault at this address.
    bool faults_at(Word address, const uint8_t* snippet, const sys::UserRegisters& registers);
    bool faults_at(Word address, const uint8_t* snippet) { return faults_at(address, snippet, with_rdi(address)); }
    /// Whether it came to the snippet's end.
    bool runs_through(const uint8_t* snippet, Word rdi) { return victim().run(snippet, with_rdi(rdi)).is_done(); }
};

/// A client all of whose faults come here, page faults of 16 pages of heap by way of keeper 1.
struct KeptScenario {
    Scenario client;
    Cap<sys::CNode> keepers;

    Result<void> make(const char* name);
    sys::PageTables tables() { return sys::PageTables(sys::Object(client.space().root())); }
    sys::PagerPort port() { return {client.victim().faults(), client.victim().reply_object()}; }
    /// Runs a snippet until its first message.
    sys::Received run(const uint8_t* snippet, Word rdi);
    bool faults(const uint8_t* snippet, Word rdi) { return sys::KeeperFault::is_one(run(snippet, rdi)); }
    /// It touched what it may: the UD2 behind.
    static bool is_done(const sys::Received& message) {
        return message.label() == static_cast<Word>(abi::Fault::user_exception) && message.mr3 == 6;
    }
    /// The client stops where it is.
    bool stop() { return static_cast<bool>(client.victim().tcb().suspend()); }
};

} // namespace test
