// SPDX-License-Identifier: BSD-2-Clause
// The System V start-up block that a new process finds on its stack (psABI for x86-64, "Initial Stack and Register
// State"). Pure: produces bytes and the stack pointer.
//
//     top of stack    texts: arguments, environment; the program headers; 16 random bytes
//                     zero padding to 16
//                     auxv pairs, ended by AT_NULL
//                     envp pointers, null
//                     argv pointers, null
//     stack pointer   argc
#pragma once

#include <span>
#include <string_view>
#include <sys/proc/startup.hpp>
#include <sys/result.hpp>

namespace sys {

/// What the start-up block is to hold.
struct StackContents {
    std::span<const std::string_view> arguments;
    std::span<const std::string_view> environment;
    Word entry = 0;
    /// The program header table: its address, if a segment of the program holds it (then the bytes are not copied),
    /// else 0 and the bytes themselves.
    Word program_headers_address = 0;
    std::span<const uint8_t> program_headers;
    unsigned program_header_count = 0;
    uint8_t random[16] = {};
};

/// The start-up block, laid out.
struct InitialStack {
    Word stack_pointer = 0; ///< address of argc, 16-aligned
    std::span<const uint8_t> bytes; ///< what goes to stack_pointer and up to the top: a part of the caller's buffer
};

/// Lays the block out for a stack that ends at `top` (16-aligned). `buffer` bounds its size: too_long, detail 0 = that.
/// A text with a zero byte inside is an invalid_value.
Result<InitialStack> build_initial_stack(std::span<uint8_t> buffer, Word top, const StackContents& contents);

} // namespace sys
