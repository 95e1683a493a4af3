// SPDX-License-Identifier: BSD-2-Clause
// Bugs on request, in debug kernels: boot option `bug=NAME`, or DebugProvoke, so that tests, and whoever wants to know, see
// what the kernel says about real ones.
#pragma once

#include <lib/text.hpp>
#include <object/tcb.hpp>

namespace kernel {

enum class Bug {
    none,
    null, ///< reads address 0
    text, ///< writes kernel code
    alias, ///< reads the kernel image through the physical window
    user, ///< executes at the address, one of ring 3
    touch, ///< reads at the address, one of ring 3
    reserved, ///< as touch, where a page is whose entry got a reserved bit
    spoil, ///< gives the entry of the page at the address that bit, and goes on
    stack, ///< recursion without end
    gate, ///< a page fault that the CPU cannot deliver, because its gate is closed
    assertion, ///< something that always holds does not, `bug=assert`
    invariant, ///< an I/O port is given away to nobody, which is only seen when all invariants are checked
};

Bug bug_named(Text name);

/// `address`: where, in the address space that is loaded, for those that want one.
void commit(Bug bug, Word address);

/// The bug that a C string from MR0 of the IPC buffer on names, at the address in RDI: the system call DebugProvoke.
inline void provoke(const Tcb& thread) {
    if (!thread.buffer)
        return;
    constexpr Word longest = 15;
    const auto* const name = reinterpret_cast<const char*>(thread.buffer->message);
    Word length = 0;
    while (length < longest && name[length] != 0)
        length++;
    commit(bug_named({name, length}), thread.context.rdi);
}

} // namespace kernel
