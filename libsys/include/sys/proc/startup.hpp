// SPDX-License-Identifier: BSD-2-Clause
// What a process is told at its start: the System V start-up block on its stack.
#pragma once

#include <sys/raw/syscall.hpp>

namespace sys {

using abi::Word;

/// Types of auxiliary vector entries (System V psABI for x86-64, "Auxiliary Vector").
namespace aux {
inline constexpr Word null = 0, program_headers = 3, program_header_size = 4, program_header_count = 5, page_size = 6,
                      entry = 9, random = 25;
}

/// One pair of the auxiliary vector.
struct AuxEntry {
    Word type = aux::null;
    Word value = 0;
};

/// A typed view of the block that the stack pointer names at entry.
class StartupBlock {
public:
    /// What the stack pointer named.
    explicit StartupBlock(Word* block) : block_(block) {}
    /// Arguments, the program's name included.
    int argc() const { return static_cast<int>(block_[0]); }
    /// The arguments, and null.
    char** argv() const { return reinterpret_cast<char**>(block_ + 1); }
    /// NAME=value each, and null.
    char** envp() const { return argv() + argc() + 1; }
    /// Ends with one of type aux::null.
    const AuxEntry* auxv() const {
        char** end = envp();
        while (*end != nullptr)
            ++end;
        return reinterpret_cast<const AuxEntry*>(end + 1);
    }

private:
    Word* block_;
};

/// The value of an auxiliary vector entry of this process; 0 if it has none, and in root tasks.
Word aux_value(Word type);

} // namespace sys
