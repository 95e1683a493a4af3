// SPDX-License-Identifier: BSD-2-Clause
// A program of the boot archive, and loading it into an address space through the pager.
#pragma once

#include <init/slots.hpp>
#include <sys/archive/cpio.hpp>
#include <sys/cap/endpoint.hpp>
#include <sys/cap/frame.hpp>
#include <sys/elf/image.hpp>
#include <sys/proc/initial_stack.hpp>
#include <sys/protocol/process.hpp>

namespace init {

/// Where a process finds what is not in its ELF file. The stack's top is moved up at random, unless addresses shall be fixed.
inline constexpr Word stack_top = 0x100'0000;
inline constexpr Word stack_size = 0x10'0000; ///< the most it grows to; a guard page lies below
inline constexpr Word stack_committed = 0x1'0000; ///< mapped before the process starts
inline constexpr Word ipc_buffer_address = 0x100'1000;

struct Program {
    std::string_view path;
    sys::archive::Entry file;
    sys::elf::Image image;
};

/// no_such_file, or not_an_executable with the ELF reader's fault as detail. `movable`: position-independent ones will do.
Result<Program> find_program(const sys::archive::Archive& archive, std::string_view path, bool movable = true);

/// Path, arguments and environment of a process.
struct Texts {
    static constexpr unsigned max_pieces = 32;
    std::string_view path;
    std::string_view arguments[max_pieces];
    std::string_view environment[max_pieces];
    unsigned argument_count = 0;
    unsigned environment_count = 0;

    /// Takes the payload of process::Spawn apart; bad_arguments if it is not what the counts say.
    static Result<Texts> parse(std::string_view payload, unsigned arguments, unsigned environment);
};

/// A number for a request to the pager that must not happen twice. Init's are apart from those of the clients for whom it asks.
Word next_pager_request();

struct LoadRequest {
    Word pid = 0;
    Word quota_pages = 0;
    Word traits = 0; ///< protocol::pager::trait
    bool fixed_addresses = false; ///< nothing at random
    bool resident = false; ///< all pages of the image at once, not at first touch
    Word vspace_slot = 0; ///< empty slots of init's CNode for what the pager hands over
    Word ipc_frame_slot = 0;
};

struct Loaded {
    Word entry = 0;
    Word stack_pointer = 0;
    Word pml4_physical = 0;
    Word base = 0; ///< is added to all addresses of the ELF file
};

/// A copy of another process's address space. On failure nothing is left of it.
Result<void> clone_program(sys::Endpoint pager, Word parent, const LoadRequest& request);

/// A new address space with the program, its stack and its IPC buffer in it. On failure nothing is left of it.
Result<Loaded> load_program(sys::Endpoint pager, const Program& program, const Texts& texts,
                            const LoadRequest& request);

} // namespace init
