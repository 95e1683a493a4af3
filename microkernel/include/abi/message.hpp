// SPDX-License-Identifier: BSD-2-Clause
// The IPC buffer: 1024 bytes, aligned to 1024, in a frame that the kernel knows.
#pragma once

#include <abi/types.hpp>

namespace abi {

struct IpcBuffer {
    Word tag;
    Word message[max_message_words]; ///< MR0-MR3 travel in registers; their words here are the user library's
    Word user_data;
    Word caps_or_badges[max_extra_caps]; ///< capabilities to send, or badges received
    Word receive_cnode;
    Word receive_index;
    Word receive_depth;
};

inline constexpr unsigned ipc_buffer_bits = 10;
static_assert(sizeof(IpcBuffer) == 1u << ipc_buffer_bits);

} // namespace abi
