// SPDX-License-Identifier: BSD-2-Clause
// The capability of a memory object: memory that several processes may map.
#pragma once

#include <sys/cap/object.hpp>

namespace sys::protocol::pager {

/// Whoever has it may map the object, and hand it on.
class MemoryObject : public Object {
public:
    using Object::Object;
};

} // namespace sys::protocol::pager
