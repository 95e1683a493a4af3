// SPDX-License-Identifier: BSD-2-Clause
// The tiny world of the exhaustive test: two threads, two CNodes and one untyped, out of which all but the first thread is
// made; an endpoint, a notification and a reply object for them to use. Its whole state can be kept, brought back and compared.
#pragma once

#include <support/fake_machine.hpp>

#include <array>
#include <span>

namespace test {

/// All bytes of a state, as one number that differs if they do.
using Fingerprint = std::array<Word, 2>;

class TinyWorld : public FakeMachine {
public:
    /// Shares priority, CSpace and space with the root, and is ready; `endpoint` gets its faults.
    Word other = make_thread(255);
    Word other_context = other + 2; ///< where make_thread puts it
    Word node = make(ObjectType::cnode, 2);
    Word endpoint = make(ObjectType::endpoint);
    Word notification = make(ObjectType::notification);
    Word reply = make(ObjectType::reply);
    Word fresh = free_slot(); ///< for what is made

    TinyWorld();

    /// A state with all that an operation may change.
    class Snapshot {
    public:
        Snapshot();
        void restore() const;

    private:
        std::vector<std::byte> bytes_;
        x86::SimulatedCpu simulated_;
    };
    /// What no later operation can see becomes the same: registers and messages of threads that may run, the history of
    /// the simulated machine.
    void forget_the_past();
    static Fingerprint fingerprint();

    /// `method` of the running thread, interrupted after `steps` steps, if it is that long, and not taken up again.
    void interrupted(unsigned steps, Word pointer, Method method, const Words& words);
};

/// Something that the running thread does, or that happens to it.
struct Operation {
    const char* name;
    void (*perform)(TinyWorld& world, Tcb& running);
};

/// The first lets the timer fire: all that can happen while nobody runs.
std::span<const Operation> operations();

} // namespace test
