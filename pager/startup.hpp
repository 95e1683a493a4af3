// SPDX-License-Identifier: BSD-2-Clause
// What init left for the pager to read.
#pragma once

#include <sys/protocol/pager_startup.hpp>
#include <sys/raw/memory.hpp>

namespace pager {

inline const sys::protocol::pager_startup::StartupBlock& startup() {
    namespace layout = sys::protocol::pager_startup;
    return *static_cast<const layout::StartupBlock*>(sys::raw::memory(layout::block_address));
}

} // namespace pager
