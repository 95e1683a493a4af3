// SPDX-License-Identifier: BSD-2-Clause
// Kernel and specification side by side: each operation happens to both, then everything is compared.
#pragma once

#include <lockstep/compare.hpp>
#include <lockstep/counts.hpp>
#include <lockstep/operation.hpp>

namespace lockstep {

class World {
public:
    /// Everything is compared after every `compare_each`-th operation, and after each that was interrupted; after the
    /// others only what the threads see that ran before and run now, and what the CPU may have cached.
    World(const MachineOptions& options, unsigned variant, Counts& counts, unsigned compare_each = 1);

    /// Throws Divergence.
    void apply(const Operation& operation);
    /// Nothing will ever run again, unless a device interrupts.
    bool is_over() const;
    const spec::System& state() const { return system_; }
    /// Compares everything, takes all memory back, compares again.
    void finish();

private:
    void boot();
    void pass_time(const Operation& operation);
    void fire_timer(Word at);
    void make_call(const Operation& operation);
    void mark_tables(bool writes);
    void set(spec::Register which, Word value);
    void write_buffer(const Operation& operation);
    void check(bool thoroughly);
    void check_translations();
    void count_entry();
    void count(const Operation& operation);

    MachineOptions options_;
    Counts& counts_;
    KernelMachine machine_;
    spec::System system_;
    unsigned compare_each_;
    unsigned uncompared_ = 0; ///< operations since the last comparison of everything
    unsigned unchecked_ = 0; ///< and since the last thorough one
    Word compared_interruptions_ = 0; ///< how many there had been then
    Word caller_ = 0; ///< the thread that ran before the last operation
    Word changes_ = 0;
    Word root_cnode_ = 0;
};

/// The first operations of a world: they make threads, objects and spaces to play with.
std::vector<Operation> first_operations(unsigned variant);

/// Slots of the root CNode that operations use.
inline constexpr Word first_slot = 32, slot_count = 112;

} // namespace lockstep
