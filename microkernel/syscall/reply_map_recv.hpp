// SPDX-License-Identifier: BSD-2-Clause
// ReplyMapRecv: the answer to a page fault that is a mapping.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

/// ReplyMapRecv of `pager`, by the long way.
void reply_map_recv(Tcb& pager);

} // namespace kernel
