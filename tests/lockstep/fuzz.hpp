// SPDX-License-Identifier: BSD-2-Clause
// Plays sequence after sequence. Those that took new ways through the kernel are kept, and played again with changes.
#pragma once

#include <lockstep/counts.hpp>
#include <lockstep/world.hpp>
#include <support/random.hpp>

#include <chrono>
#include <optional>

namespace lockstep {

struct Limits {
    Word successes = 0;                           ///< as many successful operations
    std::chrono::steady_clock::time_point until;  ///< or until then
};

class Fuzz {
public:
    /// `compare_each`: see World.
    Fuzz(uint64_t seed, unsigned compare_each) : random_(seed), compare_each_(compare_each) {}

    /// The first sequence that goes wrong; none within the limits.
    std::optional<Sequence> run(const Limits& limits);
    const Counts& counts() const { return counts_; }
    size_t corpus_size() const { return corpus_.size(); }
    /// The sequence being played.
    const Sequence& current() const { return sequence_; }

private:
    static constexpr size_t most_kept = 400;

    void play_one();
    const Sequence* choose_parent();
    void keep(size_t operations);

    test::Random random_;
    unsigned compare_each_;
    Counts counts_;
    std::vector<Sequence> corpus_;
    Sequence sequence_;
};

} // namespace lockstep
