// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/counts.hpp>

#include <cinttypes>

namespace lockstep {

void Counts::add(const Counts& other) {
    operations += other.operations;
    successes += other.successes;
    exceptions += other.exceptions;
    interrupts += other.interrupts;
    timer_interrupts += other.timer_interrupts;
    budgets_ended += other.budgets_ended;
    interruptions += other.interruptions;
    stacked += other.stacked;
    items += other.items;
    sequences += other.sequences;
    for (const auto& [key, count] : other.methods)
        methods[key] += count;
    for (const auto& [key, count] : other.system_calls)
        system_calls[key] += count;
    for (const auto& [error, by_method] : other.errors) {
        for (const auto& [method, count] : by_method)
            errors[error][method] += count;
    }
    for (const auto& [key, count] : other.faults)
        faults[key] += count;
    for (const auto& [key, count] : other.answers)
        answers[key] += count;
    for (const auto& [key, count] : other.refused_answers)
        refused_answers[key] += count;
}

void Counts::print(std::FILE* file) const {
    std::fprintf(file, "successes by method and system call:\n");
    for (const auto& [method, count] : methods)
        std::fprintf(file, "  %-32s %12" PRIu64 "\n", name_of(method), count);
    for (const auto& [number, count] : system_calls) {
        const char* name = name_of_system_call(number);
        std::fprintf(file, "  %-32s %12" PRIu64 "\n", name ? name : "other system calls", count);
    }
    std::fprintf(file, "refusals by error:\n");
    for (const auto& [error, by_method] : errors) {
        Word sum = 0;
        for (const auto& [_, count] : by_method)
            sum += count;
        std::fprintf(file, "  %-32s %12" PRIu64 "\n", name_of(error), sum);
    }
    static constexpr const char* fault_names[] = {"", "capability fault", "unknown system call", "user exception",
                                                  "", "timeout",          "page fault"};
    std::fprintf(file, "answers by ReplyMapRecv, which mapped %" PRIu64 " items, and refusals:\n", items);
    static constexpr const char* answer_names[] = {"map", "deny", "forward"};
    for (const auto& [label, count] : answers)
        std::fprintf(file, "  %-32s %12" PRIu64 "\n", answer_names[label], count);
    for (const auto& [error, count] : refused_answers)
        std::fprintf(file, "  %-32s %12" PRIu64 "\n", name_of(error), count);
    std::fprintf(file, "faults:\n");
    for (const auto& [type, count] : faults)
        std::fprintf(file, "  %-32s %12" PRIu64 "\n",
                     type == spec::FaultType::keeper ? "keeper fault" : fault_names[static_cast<unsigned>(type)],
                     count);
    std::fprintf(file,
                 "exceptions %" PRIu64 ", device interrupts %" PRIu64 ", timer interrupts %" PRIu64
                 ", entries that only ended a budget %" PRIu64 ", interruptions of long operations %" PRIu64
                 ", with stacked callers %" PRIu64 "\n",
                 exceptions, interrupts, timer_interrupts, budgets_ended, interruptions, stacked);
    std::fprintf(file, "%" PRIu64 " operations in %" PRIu64 " sequences, %" PRIu64 " successful\n", operations,
                 sequences, successes);
}

} // namespace lockstep
