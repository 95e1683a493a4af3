// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/shrink.hpp>

#include <lockstep/play.hpp>

#include <algorithm>

namespace lockstep {
namespace {

bool goes_wrong(const Sequence& sequence) { return !play_apart(sequence, true).empty(); }

/// Without the operations [start, end); what follows happens at the same time as before, or earlier.
Sequence without(Sequence sequence, size_t start, size_t end, bool keep_time) {
    auto& operations = sequence.operations;
    Word time = 0;
    for (size_t i = start; i < end; i++)
        time += operations[i].advance;
    if (keep_time && end < operations.size())
        operations[end].advance += time;
    operations.erase(operations.begin() + static_cast<ptrdiff_t>(start),
                     operations.begin() + static_cast<ptrdiff_t>(end));
    return sequence;
}

/// Takes out pieces of ever smaller size.
void remove_operations(Sequence& sequence) {
    auto& operations = sequence.operations;
    for (size_t piece = operations.size() / 2; piece > 0; piece /= 2) {
        for (size_t end = operations.size(); end > 0;) {
            const size_t start = end > piece ? end - piece : 0;
            for (const bool keep_time : {false, true}) {
                Sequence candidate = without(sequence, start, end, keep_time);
                if (!goes_wrong(candidate))
                    continue;
                sequence = std::move(candidate);
                break;
            }
            end = start;
        }
    }
}

template <class Change>
void try_change(Sequence& sequence, size_t index, Change&& change) {
    Sequence candidate = sequence;
    change(candidate.operations[index]);
    if (goes_wrong(candidate))
        sequence = std::move(candidate);
}

void simplify(Sequence& sequence, size_t index) {
    try_change(sequence, index, [](Operation& operation) { operation.pattern = 0; });
    try_change(sequence, index, [](Operation& operation) { operation.edge = 0; });
    try_change(sequence, index, [](Operation& operation) { operation.marks = false; });
    try_change(sequence, index, [](Operation& operation) { operation.fpu = 0; });
    try_change(sequence, index, [](Operation& operation) { operation.lateness = 0; });
    try_change(sequence, index, [](Operation& operation) { operation.advance = 0; });
    try_change(sequence, index, [](Operation& operation) { operation.place.reset(); });
    try_change(sequence, index, [](Operation& operation) {
        operation.caps.clear();
        operation.cap_count = 0;
    });
    try_change(sequence, index, [](Operation& operation) {
        operation.words.clear();
        operation.length = 0;
    });
    try_change(sequence, index, [](Operation& operation) { operation.r12 = 0; });
    try_change(sequence, index, [](Operation& operation) { operation.r13 = 0; });
    for (size_t word = 0; word < sequence.operations[index].words.size(); word++)
        try_change(sequence, index, [&](Operation& operation) { operation.words[word] = 0; });
}

} // namespace

Sequence shrink(Sequence sequence) {
    size_t played = 0;
    if (play_apart(sequence, true, &played).empty())
        return sequence;
    sequence.operations.resize(std::min(played + 1, sequence.operations.size()));
    for (size_t before = sequence.operations.size() + 1; sequence.operations.size() < before;) {
        before = sequence.operations.size();
        remove_operations(sequence);
    }
    for (size_t i = 0; i < sequence.operations.size(); i++)
        simplify(sequence, i);
    remove_operations(sequence);
    return sequence;
}

} // namespace lockstep
