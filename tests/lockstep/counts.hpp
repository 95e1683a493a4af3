// SPDX-License-Identifier: BSD-2-Clause
// What a run has done: successes by operation, refusals by method and error. Attempts alone prove nothing.
#pragma once

#include <lockstep/operation.hpp>

#include <array>
#include <cstdio>
#include <map>

namespace lockstep {

struct Counts {
    Word operations = 0;      ///< done on both sides
    Word successes = 0;       ///< invocations that were not refused, system calls that met what they were made for
    Word exceptions = 0, interrupts = 0, timer_interrupts = 0, budgets_ended = 0;
    Word interruptions = 0;   ///< of long operations
    Word stacked = 0;         ///< entries that ended with two callers or more on one context
    Word sequences = 0;
    std::map<spec::Method, Word> methods;
    std::map<Word, Word> system_calls;
    std::map<spec::Error, std::map<spec::Method, Word>> errors;
    std::map<spec::FaultType, Word> faults;
    std::map<Word, Word> answers; ///< by ReplyMapRecv, by label
    std::map<spec::Error, Word> refused_answers;
    Word items = 0; ///< that they mapped

    void add(const Counts& other);
    void print(std::FILE* file) const;
};

} // namespace lockstep
