// SPDX-License-Identifier: BSD-2-Clause
// Why a page fault is not answered with a page: what the supervisor of a process is told, and what it tells others.
#pragma once

#include <abi/types.hpp>

namespace sys::protocol::pager {

using abi::Word;

/// Why the pager denied an access: the code of the denial. What pagers of the kit say, too, has the same number there
/// (sys/pager/fault.hpp): a supervisor may have clients of several pagers.
enum class Refusal : Word {
    none = 0,
    no_region = 1, ///< nothing is mapped there
    not_writable,
    not_executable,
    no_memory,
    guard_page = 32, ///< the stack has grown over its end
    not_user_half,
    over_quota,
    swap_failed, ///< its bytes cannot be read back
    not_a_page_fault, ///< init's: an exception, an unknown system call, a capability fault
};

constexpr const char* describe(Refusal value) {
    switch (value) {
    case Refusal::none: return "not refused";
    case Refusal::no_region: return "nothing is mapped there";
    case Refusal::guard_page: return "the stack has overflown into its guard page";
    case Refusal::not_writable: return "the page is not writable";
    case Refusal::not_executable: return "the page is not executable";
    case Refusal::not_user_half: return "not an address of the user half";
    case Refusal::no_memory: return "out of memory";
    case Refusal::over_quota: return "over the quota";
    case Refusal::not_a_page_fault: return "not a page fault";
    case Refusal::swap_failed: return "its bytes cannot be read back from swap";
    }
    return "unknown reason";
}

} // namespace sys::protocol::pager
