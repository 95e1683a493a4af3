// SPDX-License-Identifier: BSD-2-Clause
// Starts the pager: nobody pages it, so init builds its address space and CSpace by hand (protocol/pager_startup.hpp).
#pragma once

#include <init/machine_memory.hpp>
#include <init/pager_image.hpp>
#include <init/pager_steps.hpp>
#include <init/process_objects.hpp>
#include <init/space_builder.hpp>
#include <sys/protocol/pager_startup.hpp>

namespace init {

/// Frames that init holds in neighbouring slots and lends to the pager.
struct Lending {
    Word first_slot = 0; ///< in init's CNode
    Word pages = 0;
    Word physical = 0;
    sys::protocol::pager_startup::LentKind kind = sys::protocol::pager_startup::LentKind::archive;
};

class PagerStarter {
public:
    /// `image` is filled with what a restart takes, `steps`, if not null, with the code to watch.
    PagerStarter(OwnMemory& memory, SpaceBuilder& own_space, ChunkShare& chunks, const Services& services,
                 PagerImage& image, PagerSteps* steps)
        : memory_(memory), own_(own_space), chunks_(chunks), services_(services), image_(image), steps_(steps) {}

    /// `lent` begins with the archive, of `archive_size` bytes. `guardian` is told of the pager's own faults.
    Result<void> start(const Program& program, std::span<const Lending> lent, Word archive_size, sys::Endpoint guardian,
                       uint8_t priority);

private:
    Result<void> hand_over_memory();
    Result<void> make_cspace(std::span<const Lending> lent);
    Result<void> load_segments(ForeignSpaceBuilder& builder, const Program& program);
    Result<void> lend(sys::CNode lent_cnode, std::span<const Lending> lent);
    Result<Word> make_space(const Program& program, std::span<const Lending> lent, Word archive_size);

    OwnMemory& memory_;
    SpaceBuilder& own_;
    ChunkShare& chunks_;
    const Services& services_;
    PagerImage& image_;
    PagerSteps* steps_;
    Word next_window_ = 0x14'0000'0000; ///< in init's space, for what it goes on seeing
    sys::Reply reply_;
    sys::CNode root_;
    unsigned root_bits_ = 0;
    sys::CNode lent_cnode_;
    unsigned lent_bits_ = 0;
    Word lent_pages_ = 0; ///< at the start
    Word chunk_count_ = 0;
    sys::VSpace space_;
    sys::Frame ipc_frame_;
};

} // namespace init
