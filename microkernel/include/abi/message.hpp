// SPDX-License-Identifier: BSD-2-Clause
// The IPC buffer: 1024 bytes, aligned to 1024, in a frame that the kernel knows.
//
// The kernel reaches it through the frame capability in the TCB, at (address mod frame size), whatever is mapped
// there: a frame of any size, never a device frame. Without a buffer a message has at most four words and no
// capabilities. docs/reference/messages.md is generated from this file, abi/types.hpp, abi/rights.hpp and
// abi/fault.hpp (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

struct IpcBuffer {
    /// For the user library; the kernel does not look at it.
    Word tag;
    /// Message registers. MR0-MR3 travel in registers; their words here are the user library's.
    Word message[max_message_words];
    /// For the user library.
    Word user_data;
    /// Pointers of the capabilities to send, or, received, the badge of each one that was unwrapped.
    Word caps_or_badges[max_extra_caps];
    /// Where a received capability goes: root CNode (a capability pointer) ...
    Word receive_cnode;
    /// ... the index of the slot in it ...
    Word receive_index;
    /// ... and how many bits of the index count. The slot must be empty.
    Word receive_depth;
};

inline constexpr unsigned ipc_buffer_bits = 10;
static_assert(sizeof(IpcBuffer) == 1u << ipc_buffer_bits);

} // namespace abi
