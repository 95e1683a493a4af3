// SPDX-License-Identifier: BSD-2-Clause
// What is behind a region of an address space, as the pager tells it.
#pragma once

#include <abi/types.hpp>

namespace sys::protocol::pager {

using abi::Word;

/// Where the pages of a region come from.
enum class RegionKind : Word { anonymous, stack, image, lent, shared, private_copy };
/// One word for it, or two.
constexpr const char* name_of(RegionKind kind) {
    switch (kind) {
    case RegionKind::anonymous: return "anonymous";
    case RegionKind::stack: return "stack";
    case RegionKind::image: return "image";
    case RegionKind::lent: return "device";
    case RegionKind::shared: return "shared";
    case RegionKind::private_copy: return "private copy";
    }
    return "?";
}

} // namespace sys::protocol::pager
