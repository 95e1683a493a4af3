// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/fuzz.hpp>

#include <lockstep/coverage.hpp>
#include <lockstep/generator.hpp>

#include <cinttypes>
#include <sys/time.h>

namespace lockstep {
namespace {

constexpr unsigned variants = 4096;
/// A sequence that takes more processor time hangs.
constexpr itimerval longest_play{.it_interval = {}, .it_value = {.tv_sec = 30, .tv_usec = 0}};
constexpr unsigned shortest = 50, longest = 700;

void report(const Counts& counts, size_t kept) {
    std::fprintf(stderr,
                 "%" PRIu64 " operations, %" PRIu64 " successful; %zu ways through the kernel, %zu sequences kept\n",
                 counts.operations, counts.successes, coverage::total(), kept);
}

} // namespace

/// Half of the sequences are new ones, the others begin like one that was kept.
const Sequence* Fuzz::choose_parent() {
    if (corpus_.empty() || random_.one_in(2))
        return nullptr;
    return &corpus_[random_.below(corpus_.size())];
}

void Fuzz::keep(size_t operations) {
    Sequence kept = sequence_;
    kept.operations.resize(operations);
    if (corpus_.size() < most_kept)
        corpus_.push_back(std::move(kept));
    else
        corpus_[random_.below(corpus_.size())] = std::move(kept);
}

void Fuzz::play_one() {
    const Sequence* const chosen = choose_parent();
    const Sequence parent = chosen ? *chosen : Sequence{};
    sequence_ = {};
    sequence_.variant = chosen && !random_.one_in(8) ? parent.variant : static_cast<unsigned>(random_.below(variants));
    sequence_.options =
        chosen && !random_.one_in(4) ? parent.options : MachineOptions{random_.one_in(2), random_.one_in(2)};
    counts_.sequences++;
    setitimer(ITIMER_PROF, &longest_play, nullptr);
    World world(sequence_.options, sequence_.variant, counts_, compare_each_);
    Generator generator(random_);
    const size_t length = shortest + random_.below(longest - shortest);
    const size_t common = parent.operations.empty() ? 0 : random_.below(parent.operations.size() + 1);
    size_t next = 0, interesting = 0;
    (void)coverage::take_new();
    while (sequence_.operations.size() < length && !world.is_over()) {
        // What was kept is repeated, now and then with something left out, put in or changed.
        if (next < common && random_.one_in(60)) {
            next++;
            continue;
        }
        if (next >= common || random_.one_in(40))
            sequence_.operations.push_back(generator.next(world.state()));
        else if (random_.one_in(60))
            sequence_.operations.push_back(generator.changed(parent.operations[next++]));
        else
            sequence_.operations.push_back(parent.operations[next++]);
        world.apply(sequence_.operations.back());
        if (coverage::take_new() != 0)
            interesting = sequence_.operations.size();
    }
    world.finish();
    if (interesting != 0)
        keep(interesting);
}

std::optional<Sequence> Fuzz::run(const Limits& limits) {
    using std::chrono::steady_clock;
    auto next_report = steady_clock::now() + std::chrono::minutes(1);
    while (counts_.successes < limits.successes && steady_clock::now() < limits.until) {
        try {
            play_one();
        } catch (const std::exception&) {
            return sequence_;
        }
        if (steady_clock::now() >= next_report) {
            report(counts_, corpus_.size());
            next_report += std::chrono::minutes(1);
        }
    }
    return std::nullopt;
}

} // namespace lockstep
