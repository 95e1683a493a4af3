// SPDX-License-Identifier: BSD-2-Clause
// A thread in an address space and CSpace of its own, running a snippet; its faults come to the test.
#pragma once

#include <optional>
#include <tests/system/lib/address_space.hpp>
#include <tests/system/lib/snippets.hpp>

namespace test {

/// A fault message with all its words.
struct Fault {
    static constexpr unsigned capacity = 20;
    abi::Fault kind{};
    unsigned length = 0;
    sys::Badge badge;
    Word words[capacity] = {};

    bool is_exception(Word vector) const {
        return kind == abi::Fault::user_exception && words[abi::user_exception::vector] == vector;
    }
    /// It came to the UD2 at its end.
    bool is_done() const { return is_exception(6); }
    Word ip() const { return words[0]; }
    /// Of VM faults.
    Word address() const { return words[abi::vm_fault::address]; }
    Word error_code() const { return words[abi::vm_fault::error_code]; }
};

/// Bits of a page-fault error code (SDM Vol. 3A, "Page-Fault Exceptions").
namespace page_fault {
inline constexpr Word present = 1, write = 2, user = 4, reserved = 8, fetch = 16;
}

class Victim {
public:
    static constexpr Word code = 0x400000;
    static constexpr Word stack_top = 0x1000000;
    static constexpr Word buffer = 0x1001000;
    static constexpr unsigned cnode_bits = 6;
    static constexpr unsigned memory_bits = 18;

    /// Space with snippets at `code`, a page of stack and an IPC buffer; CNode; a TCB that has a scheduling context,
    /// but no spaces yet. `memory` must have `memory_bits`.
    Result<void> make(sys::Untyped memory);
    /// As TCB.Configure and SetSchedParams do it. `badge` is what its faults show.
    Result<void> configure(sys::Priority priority = base_priority, Word badge = 0);
    /// Starts the snippet with these registers; rip, rsp and flags are set unless given.
    Result<void> start(const uint8_t* snippet, sys::UserRegisters registers = {});
    /// What Spawn takes to start the snippet.
    sys::SpawnArguments spawn_arguments(const uint8_t* snippet) const;

    /// Waits for its next fault; nothing if there is none within the time.
    std::optional<Fault> next_fault(Word limit_ms = 3000);
    /// Answers the fault: with no words it restarts the instruction.
    void reply() { reply_object().send(sys::Message::of_label(0)); }
    /// start and next_fault; a fault of kind none if either fails.
    Fault run(const uint8_t* snippet, const sys::UserRegisters& registers = {});
    sys::UserRegisters registers() const;

    static Word address_of(const uint8_t* snippet) { return code + static_cast<Word>(snippet - snippets_start); }
    sys::Tcb tcb() const { return tcb_; }
    sys::CNode cnode() const { return cnode_; }
    sys::SchedContext context() const { return context_; }
    sys::Endpoint faults() const { return faults_; }
    sys::Reply reply_object() const { return reply_; }
    AddressSpace& space() { return space_; }
    sys::Frame code_frame() const { return code_frame_; }
    sys::Frame stack_frame() const { return stack_frame_; }
    sys::Frame buffer_frame() const { return buffer_frame_; }
    /// A slot of its CSpace, named from the root task.
    sys::SlotRef slot(Word index) const { return cnode_->at(index, cnode_bits); }

private:
    AddressSpace space_;
    Cap<sys::CNode> cnode_;
    Cap<sys::SchedContext> context_;
    Cap<sys::Endpoint> faults_;
    Cap<sys::Endpoint> handler_; ///< what the thread has: a badged copy of `faults_`
    Cap<sys::Reply> reply_;
    Cap<sys::Tcb> tcb_;
    sys::Frame code_frame_;
    sys::Frame stack_frame_;
    sys::Frame buffer_frame_;
};

/// A victim in memory of its own.
struct Subject {
    Cap<sys::Untyped> memory;
    Victim victim;

    Subject() = default;
    /// All of it at once: its CSpace may hold itself, or its own thread.
    ~Subject() {
        if (memory)
            static_cast<void>(memory.ref().revoke());
    }

    /// Not configured: for tests that do it themselves.
    Result<void> make_raw();
    /// Ready to run snippets.
    Result<void> make(sys::Priority priority = base_priority, Word badge = 0);
};

/// Receives with a time limit.
std::optional<sys::Received> receive_within(sys::Endpoint endpoint, sys::Reply reply, Word limit_ms = 3000);
/// The fault in a message; words behind the fourth come from the IPC buffer.
Fault to_fault(const sys::Received& received);

} // namespace test
