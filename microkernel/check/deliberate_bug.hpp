// SPDX-License-Identifier: BSD-2-Clause
// Bugs on request, in debug kernels: boot option `bug=NAME`, so that tests see what the kernel does about real ones.
#pragma once

#include <lib/text.hpp>

namespace kernel {

enum class Bug {
    none,
    null,      ///< reads address 0
    text,      ///< writes kernel code
    alias,     ///< reads the kernel image through the physical window
    user,      ///< executes at a user address
    stack,     ///< recursion without end
    assertion, ///< something that always holds does not, `bug=assert`
    invariant, ///< an I/O port is given away to nobody, which is only seen when all invariants are checked
};

Bug bug_named(Text name);

void commit(Bug bug);

} // namespace kernel
