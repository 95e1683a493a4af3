// SPDX-License-Identifier: BSD-2-Clause
// Address-space numbers: a pool serves 512 address spaces; ASIDControl makes pools out of 4 KiB untypeds.
#pragma once

#include <sys/cap/cnode.hpp>
#include <sys/cap/untyped.hpp>
#include <sys/cap/vspace.hpp>

namespace sys {

/// Numbers for address spaces: one is assigned before anything can be mapped.
class AsidPool : public Object {
public:
    using Object::Object;
    /// Marks just this capability of the space: assign before copying it.
    Result<void> assign(VSpace space) const {
        return invoke(*this, abi::Invocation::asid_pool_assign, with_caps(space));
    }
};

/// Makes pools of such numbers.
class AsidControl : public Object {
public:
    using Object::Object;
    /// `page`: 4 KiB of untyped memory without children, used up.
    Result<void> make_pool(Untyped page, const SlotRef& into) const {
        return invoke(*this, abi::Invocation::asid_control_make_pool, with_caps(page, into.root), into.index,
                      into.depth);
    }
};

} // namespace sys
