// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the stub that the CPU enters by SYSCALL (microkernel/arch/x86_64/trap/syscall_entry.S).
#pragma once

#include <abi/syscall.hpp>
#include <syscall/syscall.hpp>

namespace test {

/// The registers are in `context` already. Returns what to resume.
inline kernel::Context* syscall_stub(kernel::Context& context) {
    switch (static_cast<abi::Syscall>(context.rdx)) {
    case abi::Syscall::call: return kernel::call_entry(&context);
    case abi::Syscall::reply_recv: return kernel::reply_recv_entry(&context);
    default: return kernel::syscall_entry(&context);
    }
}

} // namespace test
