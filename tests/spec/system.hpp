// SPDX-License-Identifier: BSD-2-Clause
// The specification as one state machine: a machine's whole state, and what changes it: system calls, exceptions,
// interrupts, time.
#pragma once

#include <spec/methods.hpp>
#include <spec/objects.hpp>

#include <functional>
#include <map>

namespace spec {

/// What the machine is like.
struct Machine {
    Word tsc_mhz = 1000;
    unsigned ioapics = 1;
    unsigned pins_each = 24;
    // There is nothing at the I/O ports: they read as all ones.
};

inline constexpr unsigned irq_line_count = 108;
inline constexpr Word min_budget_us = 20;

/// The scheduling decision of one kernel entry.
struct Decision {
    bool choose = false;         ///< the running thread need not stay
    Thread* candidate = nullptr; ///< the only thread that was woken
};

/// What became of the last kernel entry: for statistics only.
struct Outcome {
    bool budget_ended = false;
    Method method{}; ///< if one was invoked
    Error error = Error::none;
    FaultType fault = FaultType::none;
    unsigned items = 0; ///< mapped by ReplyMapRecv
};

struct System {
    explicit System(const Machine& machine) : machine(machine) {}

    // --- what happens ---
    /// The running thread executes SYSCALL with its registers as they are.
    void enter_by_system_call(Time at);
    void enter_by_exception(Time at, Word vector, Word error_code, Word address);
    /// Interrupt line `line` (48 below the CPU's vector); the timer's signals nobody (irq_line_count).
    void enter_by_interrupt(Time at, Word line);

    /// Everything made from the memory in `slot` goes: as if by Revoke, but nobody has called.
    void take_back(Slot& slot, Time at);

    // --- state ---
    Machine machine;
    std::map<Word, std::unique_ptr<Object>> objects; ///< by address
    std::map<Word, std::unique_ptr<IrqLine>> irq_lines;
    std::map<Word, std::unique_ptr<PortRange>> port_ranges; ///< by number
    std::array<AsidPool*, pool_count> asid_pools{};
    std::map<Word, Pin> pins; ///< of the I/O APIC, by number; those never routed are masked

    Thread* current = nullptr; ///< null: idle
    std::map<unsigned, std::deque<Thread*>, std::greater<>> ready;
    std::vector<SchedContext*> released_later; ///< wait for their first refill, the earliest first
    Decision decision;
    Time now = 0;
    Time charged_until = 0;
    SchedContext* paying = nullptr;
    Time deadline = 0; ///< the timer goes off by then

    /// What OUT instructions wrote: port, bits, value; since the driver looked.
    std::vector<std::array<Word, 3>> port_output;

    /// An interrupt arrives when a call on a range has done so many entries.
    Word entries_until_interrupt = ~Word{0};

    Outcome outcome;
    Word changes = 0; ///< objects made and gone

    /// The pin of `line`, if it has one, is routed to it, masked or not.
    void set_pin(const IrqLine& line, bool masked);

    // --- objects ---
    Table& make_table(Type type, Word address);
    template <class T, class... Arguments>
    T& make(Word address, Arguments&&... arguments) {
        changes++;
        auto object = std::make_unique<T>(address, std::forward<Arguments>(arguments)...);
        T& made = *object;
        objects[address] = std::move(object);
        return made;
    }
    /// The object leaves the world at once, its memory when this entry is over (somebody may still look at it).
    void forget(Object& object);

private:
    void begin(Time at);
    std::vector<std::unique_ptr<Object>> forgotten_;
};

} // namespace spec
