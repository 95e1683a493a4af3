// SPDX-License-Identifier: BSD-2-Clause
// The stage's machine (tests/pagers) in a process: the kernel's core, and threads of this program on it.
#pragma once

#include <abi/boot_info.hpp>
#include <pagers/kernel_rig.hpp>
#include <tests/pagers/stage.hpp>

namespace test {

class HostPlatform : public conformance::Platform {
public:
    KernelRig rig;

    sys::CSpace& space() override { return space_; }
    sys::SlotRef memory() override { return space_.at(KernelRig::untyped); }
    sys::SchedControl sched_control() override { return sys::SchedControl(KernelRig::sched_control); }
    sys::Result<void> start_thread(unsigned which, Body body, void* argument, sys::Priority priority,
                                   const conformance::View& view = {}) override;
    void end_thread(unsigned which) override;
    abi::Word tcb_slot(unsigned which) const { return tcbs_[which]; }

private:
    static constexpr abi::Word first_slot = 1024;
    sys::StaticSlotAllocator<2048> slots_{first_slot};
    sys::CSpace space_{sys::CNode(abi::root_slot::cnode), slots_};
    abi::Word tcbs_[thread_count] = {};
};

} // namespace test
