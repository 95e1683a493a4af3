// SPDX-License-Identifier: BSD-2-Clause
// All sequences of up to four operations in a tiny world, with all invariants checked after each. Equal states are merged:
// what follows from them was seen already. UMBRA_DEPTH sets another length.
#include <support/tiny_world.hpp>

#include <cstdio>
#include <set>

using namespace test;

namespace {

using Sequence = std::vector<uint8_t>; ///< indices of operations

std::string describe(const Sequence& sequence) {
    std::string text;
    for (const uint8_t index : sequence)
        text += std::string(text.empty() ? "" : ", then ") + operations()[index].name;
    return text;
}

class Exploration {
public:
    Exploration() : changed_(operations().size()) { seen_.insert(TinyWorld::fingerprint()); }

    /// All that one further operation makes of each of the `known` states; those that are new.
    std::vector<Sequence> extend(const std::vector<Sequence>& known) {
        std::vector<Sequence> found;
        for (const Sequence& sequence : known) {
            start_.restore();
            for (const uint8_t index : sequence)
                perform(index);
            const TinyWorld::Snapshot before;
            const Fingerprint unchanged = TinyWorld::fingerprint();
            for (uint8_t index = 0; index < operations().size(); index++) {
                Sequence longer = sequence;
                longer.push_back(index);
                INFO(describe(longer));
                before.restore();
                if (index != 0 && !world_.running())
                    continue;
                perform(index);
                const Fingerprint now = TinyWorld::fingerprint();
                changed_[index] = changed_[index] || now != unchanged;
                if (seen_.insert(now).second)
                    found.push_back(std::move(longer));
                transitions_++;
            }
        }
        return found;
    }
    size_t states() const { return seen_.size(); }
    Word transitions() const { return transitions_; }
    bool changed_something(size_t operation) const { return changed_[operation]; }

private:
    void perform(uint8_t index) {
        if (Tcb* const running = world_.running())
            operations()[index].perform(world_, *running);
        else
            world_.fire_timer();
        world_.forget_the_past();
    }

    TinyWorld world_;
    TinyWorld::Snapshot start_;
    std::set<Fingerprint> seen_;
    std::vector<bool> changed_;
    Word transitions_ = 0;
};

} // namespace

TEST_CASE("no sequence of up to four operations in a tiny world breaks an invariant", "[check]") {
    const char* const wanted = std::getenv("UMBRA_DEPTH");
    const unsigned most = wanted ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 0)) : 4;
    Exploration exploration;
    std::vector<Sequence> states = {{}};
    for (unsigned length = 1; length <= most; length++) {
        states = exploration.extend(states);
        std::printf("small scope: %zu operations, sequences of %u: %zu new states, %zu in all, %llu transitions\n",
                    operations().size(), length, states.size(), exploration.states(),
                    static_cast<unsigned long long>(exploration.transitions()));
        std::fflush(stdout);
    }
    for (size_t index = 0; index < operations().size(); index++) {
        CAPTURE(operations()[index].name);
        CHECK(exploration.changed_something(index));
    }
}
