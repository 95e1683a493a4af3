// SPDX-License-Identifier: BSD-2-Clause
// A further thread of init, in its address space and CSpace.
#pragma once

#include <init/process_objects.hpp>
#include <init/space_builder.hpp>

namespace init {

class Thread {
public:
    struct Start {
        void (*entry)() = nullptr;
        uint8_t priority = 0;
        Word buffer = 0; ///< where its IPC buffer goes: an address where nothing is mapped
        sys::SchedContext context{}; ///< configured; null: one of its own, with no limit
    };
    constexpr Thread() = default;
    Result<void> start(OwnMemory& memory, SpaceBuilder& own_space, const Services& services, const Start& start);
    sys::Tcb tcb() const { return tcb_; }

private:
    sys::Tcb tcb_;
    sys::raw::ThreadBlock block_;
    alignas(16) uint8_t stack_[8192] = {};
};

} // namespace init
