// SPDX-License-Identifier: BSD-2-Clause
// Short ways through the kernel for the two calls that clients and servers make all the time. They do exactly what the
// long way would do, or nothing: then they return null and the long way is taken.
#pragma once

#include <object/tcb.hpp>

namespace kernel {

/// A Call to a passive server that waits: message, context and CPU go to the server.
Context* fast_call(Tcb& caller);
/// A passive server answers the caller whose context it runs on, and waits for the next.
Context* fast_reply_recv(Tcb& server);

} // namespace kernel
