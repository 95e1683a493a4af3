// SPDX-License-Identifier: BSD-2-Clause
// Untyped memory: what all kernel objects are made of.
#pragma once

#include <abi/object.hpp>
#include <sys/cap/cnode.hpp>

namespace sys {

/// Memory that objects are made of.
class Untyped : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::untyped;
    using Object::Object;

    /// Makes `count` objects (1..256) in neighbouring empty slots of the CNode at `node`, from `offset` on.
    /// `node.depth` 0: `node.root` itself is that CNode. `size_bits` counts for untyped, CNode and SchedContext only.
    Result<void> retype(abi::ObjectType kind, unsigned size_bits, const SlotRef& node, Word offset,
                        Word count = 1) const {
        return invoke(*this, abi::Invocation::untyped_retype, with_caps(node.root), kind, size_bits, node.index,
                      node.depth, offset, count);
    }
    /// One object in one slot of a CNode that is itself named by a capability pointer.
    Result<void> retype_into(abi::ObjectType kind, unsigned size_bits, CNode cnode, Word slot_index) const {
        return retype(kind, size_bits, SlotRef{cnode, 0, 0}, slot_index);
    }
};

} // namespace sys
