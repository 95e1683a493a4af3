// SPDX-License-Identifier: BSD-2-Clause
// What an exception in ring 0 means, in a sentence: a panic says it behind the numbers.
#pragma once

#include <arch/x86_64/context/context.hpp>
#include <lib/text.hpp>
#include <mem/address.hpp>

namespace kernel {

struct KernelException {
    Word vector;
    Word error_code;
    Word address; ///< CR2
    bool hit_guard; ///< the address lies in the guard page of a kernel stack
};

Text cause_of(const KernelException& exception);

/// Prints what the exception means of which `frame` is the CPU's record (on the machine only).
void log_cause(const Context& frame);

} // namespace kernel
