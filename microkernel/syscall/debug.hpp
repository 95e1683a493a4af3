// SPDX-License-Identifier: BSD-2-Clause
// System calls outside the API proper: printing always, looking around in debug kernels, model-specific registers as a
// boot option.
#pragma once

#include <abi/syscall.hpp>
#include <object/tcb.hpp>

namespace kernel {

/// Does what `number` asks for, if it is one of these and this kernel has it.
bool debug_syscall(Tcb& thread, abi::Syscall number);

} // namespace kernel
