// SPDX-License-Identifier: BSD-2-Clause
// Making objects out of untyped memory.
#pragma once

#include <lifetime/delete.hpp>

namespace kernel {

struct Tcb;

/// What Untyped.Retype was asked for; all of it checked.
struct RetypePlan {
    abi::ObjectType type;
    unsigned size_bits;   ///< as the caller gave it
    unsigned object_bits; ///< log2 of the bytes one object takes
    Word start;           ///< offset of the first object in the untyped
    unsigned count;
    Slot* first_slot; ///< that many empty slots from here on
};

/// Clears the memory that the objects will take, unless it is device memory, and keeps what has been reached in
/// `untyped`. Preempted: call again.
[[nodiscard]] Progress clear_for(Slot& untyped, const RetypePlan& plan);
/// Makes the objects, in cleared memory, and their capabilities, children of `untyped`.
void make_objects(Slot& untyped, const RetypePlan& plan);

/// The state in which a thread begins; its memory is clear.
void init_thread(Tcb& thread);

} // namespace kernel
