// SPDX-License-Identifier: BSD-2-Clause
// What the measurements share: rounds, medians, event counts, and one function per group of figures.
#pragma once

#include "stamp.hpp"
#include "world.hpp"

#include <array>

namespace bench {

inline constexpr unsigned warm_up = 16;
inline constexpr unsigned rounds = 65;
inline constexpr unsigned all_rounds = warm_up + rounds;
inline constexpr uint8_t client_priority = 100;
inline constexpr uint8_t server_priority = 150;
inline constexpr Word page_size = 4096;

/// What counting kernels count, as DebugSnapshot orders it: kernel entries, CR3 loads, invalidations, FPU saves.
using Events = std::array<Word, 4>;

/// Shared by the threads: the image is mapped in both address spaces.
struct Shared {
    Stamp client;
    Stamp server;
    bool counting = false; ///< this kernel counts events: figures are their differences, not instructions
    Events client_events;
    Events server_events;
};
extern Shared shared;

/// Instructions that reading the clock takes around one system call, and around one other instruction.
extern Word syscall_clock_cost;
extern Word touch_clock_cost;

/// What the kernel has counted so far; one kernel entry itself.
Events read_events();

/// Notes the event counts, in counting kernels only.
inline void note(Events& events) {
    if (shared.counting)
        events = read_events();
}

/// The rounds of one operation. In a counting kernel the events of the last one, else the median of the instructions.
class Figure {
public:
    explicit Figure(const char* name) : name_(name) {}
    /// Round `i` of all_rounds took so much; the events were noted at both ends.
    void add(unsigned i, Word instructions, const Events& from, const Events& to);
    void print();

private:
    const char* name_;
    std::array<Word, rounds> samples_{};
    Events from_{};
    Events to_{};
};

/// One invocation by Call from just before the SYSCALL to just behind it; the run ends if it is refused.
Word stamped_invocation(Word target, abi::Invocation method, std::initializer_list<Word> words,
                        std::initializer_list<Word> caps = {});

// One function per group; `space` is the other address space.
void measure_ipc(World& world, sys::VSpace space);
void measure_protocol(World& world, sys::VSpace space);
void measure_faults(World& world, sys::VSpace space);
void measure_signals(World& world, sys::VSpace space);
void measure_interrupts(World& world, sys::VSpace space);
void measure_threads(World& world, sys::VSpace space);
void measure_memory(World& world, sys::VSpace space);

} // namespace bench
