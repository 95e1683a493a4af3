// SPDX-License-Identifier: BSD-2-Clause
// What init left for the pager to read.
#pragma once

#include <sys/protocol/pager_startup.hpp>

namespace pager {

inline const sys::protocol::pager_startup::StartupBlock& startup() {
    return *reinterpret_cast<const sys::protocol::pager_startup::StartupBlock*>(
        sys::protocol::pager_startup::block_address);
}

} // namespace pager
