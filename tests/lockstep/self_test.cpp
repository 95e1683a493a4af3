// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/self_test.hpp>

#include <lockstep/generator.hpp>
#include <lockstep/play.hpp>
#include <lockstep/shrink.hpp>
#include <lockstep/world.hpp>

#include <cinttypes>
#include <cstdio>

namespace lockstep {
namespace {

constexpr unsigned before = 60, after = 20;

struct Change {
    const char* what;
    Word address;
    Word bit;
};

/// Places of every world's first objects.
std::vector<Change> changes() {
    Word thread = 0, cnode = 0, space = 0, buffer = 0, context = 0;
    for (const BootCapability& boot : KernelMachine::boot_capabilities()) {
        switch (boot.type) {
        case spec::Type::tcb: thread = boot.address; break;
        case spec::Type::cnode: cnode = boot.address; break;
        case spec::Type::pml4: space = boot.address; break;
        case spec::Type::frame: buffer = boot.address; break;
        case spec::Type::sched_context: context = boot.address; break;
        default: break;
        }
    }
    constexpr Word slot_bytes = 32;
    return {
        {"a register of a thread", thread + 24, 7},
        {"a capability's rights", cnode + slot_bytes * (first_slot + 1), 2},
        {"a capability's badge", cnode + slot_bytes * (first_slot + 1) + 8, 40},
        {"a link of the derivation list", cnode + slot_bytes * (first_slot + 1) + 24, 12},
        {"an entry of a page table", space + 8 * 3, 0},
        {"a word of an IPC buffer", buffer + 8 * 100, 63},
        {"a word of a frame that nobody has written", buffer + 2048, 0},
        {"the budget of a context", context + 32, 12},
    };
}

/// A sequence that plays without this change, and with it goes wrong.
Sequence sequence_with(const Change& change, test::Random& random) {
    Sequence sequence;
    Counts counts;
    World world(sequence.options, sequence.variant, counts);
    Generator generator(random);
    while (sequence.operations.size() < before + after && !world.is_over()) {
        sequence.operations.push_back(generator.next(world.state()));
        world.apply(sequence.operations.back());
    }
    Operation operation;
    operation.kind = Operation::Kind::corruption;
    operation.address = change.address;
    operation.vector = change.bit;
    const size_t at = std::min<size_t>(before, sequence.operations.size());
    sequence.operations.insert(sequence.operations.begin() + static_cast<ptrdiff_t>(at), operation);
    return sequence;
}

bool is_found(const Change& change, test::Random& random) {
    // Sometimes the sequence itself has done away with what changes.
    constexpr unsigned tries = 5;
    Sequence sequence;
    for (unsigned i = 0; i < tries && play(sequence).empty(); i++)
        sequence = sequence_with(change, random);
    const Sequence shrunk = shrink(sequence);
    const std::string what = play(shrunk);
    if (what.empty()) {
        std::printf("%s (0x%" PRIx64 ") changes, and nobody notices\n", change.what, change.address);
        return false;
    }
    if (shrunk.operations.size() != 1 || shrunk.operations[0].kind != Operation::Kind::corruption) {
        std::printf("%s changes: shrunk to %zu operations, not to that one\n", change.what, shrunk.operations.size());
        return false;
    }
    std::printf("%s changes: %s\n", change.what, what.c_str());
    return true;
}

} // namespace

bool self_test(uint64_t seed) {
    test::Random random(seed);
    Counts counts;
    std::vector<Change> all;
    {
        World world({}, 0, counts); // its first capabilities say where things are
        all = changes();
    }
    bool found = true;
    for (const Change& change : all)
        found &= is_found(change, random);
    return found;
}

} // namespace lockstep
