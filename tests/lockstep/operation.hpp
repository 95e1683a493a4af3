// SPDX-License-Identifier: BSD-2-Clause
// One thing that happens to the machine: the running thread makes a system call or faults, a device interrupts. What it
// is does not depend on the state it meets, so a sequence stays a sequence when parts of it are taken out.
#pragma once

#include <lockstep/kernel_machine.hpp>

#include <optional>
#include <string>
#include <vector>

namespace lockstep {

struct ReceivePlace {
    Word cnode = 0, index = 0, depth = 0;
};

struct Operation {
    /// corruption: a bit of the kernel's memory changes by itself, so that the test can be tested.
    enum class Kind : uint8_t { system_call, exception, interrupt, corruption };

    Kind kind = Kind::system_call;
    Word advance = 0; ///< ticks that pass before
    Word lateness = 0; ///< by which the timer's interrupts in that time come late

    // System calls: registers, and words of the IPC buffer (those not named keep what they hold).
    Word number = 0, rdi = 0, r12 = 0, r13 = 0;
    Word label = 0;
    unsigned length = 0;
    std::vector<Word> words; ///< the first words of the message
    std::vector<Word> caps; ///< pointers of the extra capabilities
    unsigned cap_count = 0; ///< as the message info says
    std::optional<ReceivePlace> place;
    Word pattern = 0; ///< looks at which interrupts arrive, if the call takes long
    unsigned edge = 0; ///< when the CPU walks the page tables; 0: not
    bool marks = false, writes = false; ///< and sets accessed and dirty bits then

    // Exceptions: vector, error code and address. Interrupts: the line in `vector`. Corruptions: address, and the bit in
    // `vector`.
    Word vector = 0, error_code = 0, address = 0;
    Word fpu = 0; ///< what the thread has put into its FPU registers; 0: nothing new

    std::string text() const;
};

/// What a sequence runs on, and what happens then.
struct Sequence {
    MachineOptions options;
    unsigned variant = 0; ///< of the world's first objects
    std::vector<Operation> operations;
};

// --- Building blocks ---
Operation invocation(Word capability, spec::Method method, std::vector<Word> words = {}, std::vector<Word> caps = {});
Operation system_call(Word number, Word rdi);

const char* name_of(spec::Method method);
const char* name_of(spec::Error error);
/// The name of a system call; null for unknown ones.
const char* name_of_system_call(Word number);

} // namespace lockstep
